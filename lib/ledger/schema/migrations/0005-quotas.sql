-- When the file was first known to be there, with its size.
alter table uploads add column arrived_at timestamptz;
update uploads set arrived_at = updated_at where size is not null and updated_at > now() - interval '1 day';

-- What an owner has on its way, and what has come for it. What came by itself is nobody's, and so in neither.
create index uploads_open on uploads (owner, state, expires_at)
  where owner is not null and state in ('issued', 'uploaded', 'processing');
create index uploads_arrived on uploads (owner, arrived_at) include (size)
  where owner is not null and arrived_at is not null;

-- Answers for each wanted upload, a JSON list of ids in their order, which quota has no room for it, if any does, how
-- much of that is used, and when there will be room. An upload that is there already begins nothing.
--
-- Of two that ask for one owner, the second waits until the first has taken effect. It is a function for the sake of
-- what it sees then: each statement of it looks anew, whereas a single one would go on with what was before the wait
-- (https://www.postgresql.org/docs/current/xfunc-volatility.html).
create function admit_uploads(
  asking text, wanted jsonb, at timestamptz, most_begun bigint, most_open bigint, most_bytes bigint
) returns table (upload_id text, rule text, used bigint, room_at timestamptz) language plpgsql volatile as $$
#variable_conflict use_column
declare
  begun bigint := 0;
  open bigint := 0;
  bytes numeric := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('quotas of ' || asking, 0));
  if most_begun is not null then
    select count(*) into begun from uploads where owner = asking and created_at > at - interval '1 minute';
  end if;
  if most_open is not null then
    select count(*) into open from (
      select from uploads where owner = asking and state = 'issued' and expires_at > at
      union all
      select from uploads where owner = asking and state = 'issued' and expires_at is null
      union all
      select from uploads where owner = asking and state in ('uploaded', 'processing')
    ) o;
  end if;
  if most_bytes is not null then
    select coalesce(sum(size), 0) into bytes from uploads
    where owner = asking and arrived_at > at - interval '1 day';
  end if;
  return query
  with asked as (
    select id, place, u.upload_id is null as begins,
      u.upload_id is null or (u.state = 'issued' and u.expires_at <= at) as opens
    from jsonb_array_elements_text(wanted) with ordinality w(id, place)
    left join uploads u on u.upload_id = id
  ),
  judged as (
    select id, case
      when begins and bytes >= most_bytes then 'bytesPerDay'
      when opens and open + count(*) filter (where opens) over earlier > most_open then 'openUploads'
      when begins and begun + count(*) filter (where begins) over earlier > most_begun then 'signaturesPerMinute'
    end as rule
    from asked window earlier as (order by place)
  )
  select id, j.rule,
    case j.rule
      when 'bytesPerDay' then bytes::bigint
      when 'openUploads' then greatest(open, most_open)
      when 'signaturesPerMinute' then greatest(begun, most_begun)
    end,
    case j.rule
      -- When so much is older than a day that the rest is less than the limit.
      when 'bytesPerDay' then (
        select arrived_at from (
          select arrived_at, sum(size) over (order by arrived_at) as gone from uploads
          where owner = asking and arrived_at > at - interval '1 day'
        ) a where bytes - gone < most_bytes order by arrived_at limit 1
      ) + interval '1 day'
      -- Any of them may end sooner than its permission, so it is worth asking each minute.
      when 'openUploads' then least(at + interval '1 minute', (
        select min(expires_at) from uploads where owner = asking and state = 'issued' and expires_at > at
      ))
      when 'signaturesPerMinute' then coalesce((
        select created_at from uploads where owner = asking and created_at > at - interval '1 minute'
        order by created_at offset greatest(begun - most_begun, 0) limit 1
      ), at) + interval '1 minute'
    end
  from judged j;
end
$$;
