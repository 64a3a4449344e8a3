-- From which moment on the next call of each of VOD's actions may be made, over all instances. The table is not in the
-- write-ahead log, so that a lease never waits for a disk: after a crash it is empty, and by then no call counts any more.
create unlogged table vod_budgets (
  action text primary key,
  -- Every leased call has a moment of its own before this one; those of background work are also before the other.
  next_at timestamptz not null,
  background_at timestamptz not null,
  -- Spare calls, which have no moment, that were leased in this and in the previous period and are not reported as made.
  period bigint not null default 0,
  spare integer not null default 0,
  spare_before integer not null default 0,
  -- When VOD last refused a call because there were too many, and the part of the rate that was left then.
  slowed_at timestamptz,
  slowed_to double precision not null default 1
) with (fillfactor = 50);

-- Leases up to `calls` calls of an action, at moments that divide a second evenly, the first of them at or after `at` and
-- none later than `at + longest`. `per_second` is the rate for all calls, and `background_per_second` the part that
-- background work may have; null if the calls are not of background work.
--
-- Background work gives way: it is leased calls only if hardly any others wait, or if it had none for a second.
--
-- A spare call may be made at any time within 15 seconds. It is leased only if nothing waits, and `most_spare` is how
-- many there may be in all. `made` of the spare calls that were leased in the period `made_in` have been made.
--
-- `refused` says that VOD has just refused a call because there were too many: for a second none are leased, then at
-- half the rate, which grows back within 10 to 20 seconds.
--
-- Returns how many calls were leased, the moment of the first one (or if none was, the next moment that is free), the
-- milliseconds between them, how many spare calls were leased, and in which period.
create function lease_vod_calls(
  asked_action text, at timestamptz, calls integer, longest interval, per_second double precision,
  background_per_second double precision, spares integer, most_spare integer, made integer, made_in bigint, refused boolean
) returns table (leased integer, starts_at timestamptz, spacing double precision, spare_leased integer, spare_period bigint)
language plpgsql volatile as $$
#variable_conflict use_column
declare
  b vod_budgets%rowtype;
  part double precision := 1;
  rate double precision;
  start timestamptz;
  given integer := 0;
  given_spare integer := 0;
  this_period bigint := floor(extract(epoch from at) / 15);
begin
  loop
    select * into b from vod_budgets where action = asked_action for update;
    exit when found;
    insert into vod_budgets (action, next_at, background_at) values (asked_action, at, at) on conflict do nothing;
  end loop;

  if b.slowed_at is not null then
    part := least(1, b.slowed_to + greatest(extract(epoch from at - b.slowed_at) - 1, 0) * 0.05);
  end if;
  -- Calls that were under way together are refused together, so within a second they count as one refusal.
  if refused and (b.slowed_at is null or at >= b.slowed_at + interval '1 second') then
    part := greatest(part / 2, 0.1);
    b.slowed_at := at;
    b.slowed_to := part;
    b.next_at := greatest(b.next_at, at + interval '1 second');
  end if;
  rate := per_second * part;

  this_period := greatest(this_period, b.period);
  if b.period < this_period then
    b.spare_before := case when b.period = this_period - 1 then b.spare else 0 end;
    b.spare := 0;
    b.period := this_period;
  end if;
  if made_in = this_period then
    b.spare := greatest(b.spare - made, 0);
  elsif made_in = this_period - 1 then
    b.spare_before := greatest(b.spare_before - made, 0);
  end if;

  start := greatest(b.next_at, at);
  if background_per_second is not null then
    start := greatest(start, b.background_at);
    if b.next_at > at + interval '100 milliseconds' and b.background_at > at - interval '1 second' then
      calls := 0;
    end if;
  end if;
  given := greatest(0, least(calls, floor(extract(epoch from at + longest - start) * rate)::integer + 1));
  if spares > 0 and given = calls and b.next_at <= at and b.spare + b.spare_before + spares <= most_spare then
    given_spare := spares;
    b.spare := b.spare + spares;
  end if;
  if given + given_spare > 0 then
    b.next_at := start + (given + given_spare) / rate * interval '1 second';
  end if;
  if given > 0 and background_per_second is not null then
    b.background_at := start + given / (background_per_second * part) * interval '1 second';
  end if;

  update vod_budgets set next_at = b.next_at, background_at = b.background_at, period = b.period, spare = b.spare,
    spare_before = b.spare_before, slowed_at = b.slowed_at, slowed_to = b.slowed_to
  where action = asked_action;
  return query select given, start, 1000 / rate, given_spare, this_period;
end
$$;

-- Applications that VOD no longer has, since when their calls have been refused, and how far their uploads were ended.
create table gone_applications (
  sub_app_id bigint primary key,
  refused_at timestamptz not null,
  gone_at timestamptz,
  ended_to text
);
