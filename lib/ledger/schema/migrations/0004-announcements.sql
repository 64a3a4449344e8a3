-- When to ask VOD what became of an upload of which no event told.
alter table uploads add column check_at timestamptz;
update uploads
  set check_at = updated_at + case when state in ('ready', 'failed') then interval '1 day' else interval '10 minutes' end
  where state in ('issued', 'uploaded', 'processing', 'ready', 'failed');
drop index uploads_unfinished;
create index uploads_to_check on uploads (check_at) where check_at is not null;

-- Whether the deliveries of an event have been enqueued; whoever records it may not know whom it is delivered to.
alter table events add column fanned_out boolean not null default true;
create index events_to_fan_out on events (received_at) where not fanned_out;
-- Most events name the file alone, so that is what leads from an upload to its events.
create index events_of_upload on events ((coalesce(file_id, upload_id)));

create table endpoints (
  endpoint text primary key,
  -- When it last took anything, to a second or so.
  delivered_at timestamptz,
  -- Since when it is sent nothing any more.
  disabled_at timestamptz
);

-- What an endpoint has failed to take, and so whether it is better left alone.
create index deliveries_failing on deliveries (endpoint) where state = 'pending' and last_error is not null;

create table media_actions (
  file_id text not null,
  kind text not null,
  upload_id text,
  detail jsonb,
  state text not null default 'pending' check (state in ('pending', 'done', 'dead')),
  attempts integer not null default 0,
  -- Of a claimed action, when its claim runs out.
  next_attempt_at timestamptz not null,
  last_error text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (file_id, kind)
);

create index media_actions_pending on media_actions (next_attempt_at) where state = 'pending';
create index media_actions_dead on media_actions (updated_at) where state = 'dead';
create index media_actions_of_upload on media_actions (upload_id);

-- Events that VOD could not be asked about when they came; they have changed nothing yet.
create table unconfirmed_events (
  event_id text primary key,
  raw jsonb not null,
  received_at timestamptz not null,
  attempts integer not null default 0,
  -- Of a claimed event, when its claim runs out.
  next_attempt_at timestamptz not null,
  -- Names the call that kept it, which so knows its own work after an answer was lost.
  kept_by text not null
);

create index unconfirmed_events_due on unconfirmed_events (next_attempt_at);

-- How far work that goes on for ever has come.
create table marks (
  name text primary key,
  stands_at timestamptz not null
);

-- Whose turn it is to do what only one may do at a time.
create table leases (
  name text primary key,
  holder text not null,
  held_until timestamptz not null
);

-- Deliveries are made in one statement with their events, which nobody deletes; to look each of them up once more cost a
-- tenth of recording it.
alter table deliveries drop constraint deliveries_event_id_fkey;
