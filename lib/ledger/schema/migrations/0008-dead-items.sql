-- What could not be processed for a reason of its own: counted while it is tried again, and set aside as dead after that.
create table dead_items (
  kind text not null check (kind in ('event', 'file', 'upload', 'pull', 'action', 'delivery')),
  item_id text not null,
  state text not null check (state in ('failing', 'dead')),
  sub_app_id bigint,
  file_id text,
  attempts integer not null,
  -- What failed last: a code, and a sentence that quotes nothing.
  code text not null,
  reason text not null,
  -- What is needed to try it again, as JSON; a text, since it may be what made jsonb refuse it.
  content text,
  first_failed_at timestamptz not null,
  last_failed_at timestamptz not null,
  primary key (kind, item_id)
);

create index dead_items_listed on dead_items (last_failed_at desc, kind desc, item_id desc) where state = 'dead';
-- A file that is among them is not looked for again; its id may be longer than other indexes take.
create index dead_items_of_file on dead_items using hash (file_id);

-- Whether VOD itself has told the event, so that it is not asked again.
alter table unconfirmed_events add column proven boolean not null default false;
