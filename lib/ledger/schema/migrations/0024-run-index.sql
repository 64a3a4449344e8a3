create index concurrently if not exists pull_runs_to_settle on pull_runs (settle_at) where settle_at is not null;
