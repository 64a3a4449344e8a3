-- Set once an event is older than its retention, while its id is still needed: the same fact may be reported again, and is
-- then known. Its payload is empty from then on.
alter table events add column pruned boolean not null default false;

-- No statement uses it: sessions plan without bitmap scans, and a BRIN index has no others.
drop index events_received;

-- What is left of an upload that ended and is older than its retention. From then on nothing is recorded for it.
create table pruned_uploads (
  upload_id text primary key,
  file_id text,
  -- Of VOD; null where the configuration names none.
  sub_app_id bigint,
  owner text,
  -- Whether VOD had the file then, so that its deletion is a new fact.
  has_media boolean not null,
  pruned_at timestamptz not null,
  -- Whether the upload itself is removed, which is done after a minute, when no statement runs that began before.
  removed boolean not null default false
);
create index pruned_uploads_of_file on pruned_uploads (file_id) where file_id is not null;
create index pruned_uploads_to_remove on pruned_uploads (pruned_at) where not removed;
