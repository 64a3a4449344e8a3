-- Set once an event is older than its retention, while its id is still needed: the same fact may be reported again, and is
-- then known. Its payload is empty from then on.
alter table events add column pruned boolean not null default false;

-- No statement uses it: sessions plan without bitmap scans, and a BRIN index has no others.
drop index events_received;

-- What is left of an upload that ended and is older than its retention.
create table pruned_uploads (
  upload_id text primary key,
  file_id text,
  -- Of VOD; null where the configuration names none.
  sub_app_id bigint,
  owner text,
  -- Whether VOD had the file then, so that its deletion is a new fact.
  has_media boolean not null,
  pruned_at timestamptz not null
);
create index pruned_uploads_of_file on pruned_uploads (file_id) where file_id is not null;

-- Returns whether the file was that of an upload that was pruned; two that name different applications have different files.
create function is_pruned_file(file text, application bigint) returns boolean language plpgsql stable as $$
begin
  return exists (
    select from pruned_uploads p where p.file_id = file
      and (p.sub_app_id is null or application is null or p.sub_app_id = application)
  );
end
$$;

-- A pruned upload does not begin again, whatever is reported about it: its row is left out of the insert.
--
-- The second call is for a statement that found the upload, waited until it was pruned, and so inserts it after the first
-- call: it is rolled back, and repeated by the ledger.
create function refuse_pruned_upload() returns trigger language plpgsql as $$
begin
  if not exists (
    select from pruned_uploads p where p.upload_id = new.upload_id
      and (p.sub_app_id is null or new.sub_app_id is null or p.sub_app_id = new.sub_app_id)
  ) and (new.file_id is null or not is_pruned_file(new.file_id, new.sub_app_id)) then
    return new;
  end if;
  if tg_when = 'BEFORE' then
    return null;
  end if;
  raise exception 'the upload was pruned meanwhile' using errcode = 'serialization_failure';
end
$$;
create trigger refuse_pruned before insert on uploads for each row execute function refuse_pruned_upload();
create trigger refuse_pruned_meanwhile after insert on uploads for each row execute function refuse_pruned_upload();

-- A file arrives only once, so the arrival of a pruned upload's file is known although its event is gone.
create function refuse_pruned_arrival() returns trigger language plpgsql as $$
begin
  if not is_pruned_file(new.file_id, new.sub_app_id) then
    return new;
  end if;
  if tg_when = 'BEFORE' then
    return null;
  end if;
  raise exception 'the upload was pruned meanwhile' using errcode = 'serialization_failure';
end
$$;
create trigger refuse_pruned before insert on events for each row
  when (new.file_id is not null and new.event_type in ('vod.NewFileUpload', 'vod.PullComplete'))
  execute function refuse_pruned_arrival();
create trigger refuse_pruned_meanwhile after insert on events for each row
  when (new.file_id is not null and new.event_type in ('vod.NewFileUpload', 'vod.PullComplete'))
  execute function refuse_pruned_arrival();
