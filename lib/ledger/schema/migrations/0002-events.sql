create table events (
  event_id text primary key,
  event_type text not null,
  upload_id text,
  file_id text,
  task_id text,
  payload jsonb not null,
  confirmed boolean not null,
  received_at timestamptz not null,
  -- Names the call that recorded it, which so knows its own work after an answer was lost.
  recorded_by text not null
);

-- Events come in the order of their time, so this is all it takes to find the old ones.
create index events_received on events using brin (received_at);

create table deliveries (
  event_id text not null references events,
  endpoint text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  attempts integer not null default 0,
  -- Of a claimed delivery, when its claim runs out.
  next_attempt_at timestamptz not null,
  last_error text,
  -- When it was asked for, or asked for again.
  enqueued_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (event_id, endpoint)
);

create index deliveries_pending on deliveries (endpoint, next_attempt_at) where state = 'pending';
create index deliveries_dead on deliveries (updated_at desc, event_id desc, endpoint desc)
  where state = 'dead';
