-- Whether what an event is told with has the envelope taken off already. Those that were recorded before envelopes had a MAC
-- have it still, and it is taken off when they are told.
alter table events add column envelope_removed boolean not null default false;

-- As the function of the same name in 0005, which code that is not replaced yet still calls, but that what has come counts in
-- its application alone: whoever controls one application fills no quota of another. What an owner begins still counts for
-- all of them together.
create function admit_uploads(
  asking text, application bigint, wanted jsonb, at timestamptz, most_begun bigint, most_open bigint, most_bytes bigint
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
        and (application is null or sub_app_id is null or sub_app_id = application)
    ) o;
  end if;
  if most_bytes is not null then
    select coalesce(sum(size), 0) into bytes from uploads
    where owner = asking and arrived_at > at - interval '1 day'
      and (application is null or sub_app_id is null or sub_app_id = application);
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
            and (application is null or sub_app_id is null or sub_app_id = application)
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
