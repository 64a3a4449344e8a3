-- Lists of pulls that are submitted, watched, retried and undone together. Its owner names a run, and finds it again by that
-- name.
create table pull_runs (
  run_id text primary key,
  owner text not null,
  -- Of VOD; null if there are no tenants.
  sub_app_id bigint,
  name text not null,
  state text not null check (state in ('open', 'cancelled', 'undone')),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index pull_runs_by_name on pull_runs (owner, coalesce(sub_app_id, 0), name);
create index pull_runs_of_owner on pull_runs (owner, created_at desc, run_id desc);
create index pull_runs_to_prune on pull_runs (updated_at);

-- What a run is about: each source once, by the caller's own name for it.
create table pull_run_items (
  run_id text not null,
  source_id text collate "C" not null,
  -- Of the last attempt; null if that was refused, and then there is a problem.
  upload_id text,
  -- As the caller sent it, for another attempt.
  request jsonb not null,
  problem jsonb,
  attempts integer not null default 1,
  added_at timestamptz not null,
  primary key (run_id, source_id)
);
create index pull_run_items_to_prune on pull_run_items (added_at);

-- VOD's percentages of pulls, and when VOD was last asked, so that many who watch make few calls. After a crash it is empty.
create unlogged table pull_progress (
  upload_id text primary key,
  percent integer,
  asked_at timestamptz not null
);
create index pull_progress_to_forget on pull_progress (asked_at);
