-- Pulls that wait for their turn; what became of one is told by its upload.
create table pulls (
  pull_id bigint generated always as identity primary key,
  upload_id text not null unique references uploads,
  owner text not null,
  request jsonb not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  claimed_until timestamptz
);

create index pulls_due on pulls (greatest(next_attempt_at, claimed_until), pull_id);
