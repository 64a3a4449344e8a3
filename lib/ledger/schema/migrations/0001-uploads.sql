create table uploads (
  upload_id text primary key,
  method text not null check (method in ('client', 'pull', 'server', 'console', 'live', 'other')),
  state text not null check (state in (
    'issued', 'uploaded', 'processing', 'ready', 'failed', 'rejected', 'expired', 'cancelled', 'deleted'
  )),
  -- What was told last, whether or not it changed the state.
  last_fact text not null,
  -- Nobody's where the media came without an envelope.
  owner text,
  file_id text unique,
  task_id text,
  name text,
  media_url text,
  cover_url text,
  size bigint,
  duration double precision,
  storage_region text,
  class_id bigint,
  procedure text,
  source_context text,
  session_context text,
  limits jsonb,
  problem jsonb,
  media_expire_time timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  expires_at timestamptz
);

-- Lists, newest first; the id tells apart what was made at the same time.
create index uploads_newest on uploads (created_at desc, upload_id desc);
create index uploads_of_owner on uploads (owner, created_at desc, upload_id desc);
create index uploads_in_state on uploads (state, created_at desc, upload_id desc);

-- What no event has told the end of, longest silent first.
create index uploads_unfinished on uploads (updated_at)
  where state in ('issued', 'uploaded', 'processing');

create table requests (
  owner text not null,
  key text not null,
  fingerprint text not null,
  upload_id text not null,
  created_at timestamptz not null,
  -- Names the call that came first, which so knows its own work after an answer was lost.
  remembered_by text not null,
  primary key (owner, key)
);
