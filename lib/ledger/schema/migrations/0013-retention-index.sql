-- The oldest rows, to be pruned. New rows are added at their end, which costs little.
create index concurrently if not exists events_to_prune on events (received_at) where not pruned;
create index concurrently if not exists requests_to_prune on requests (created_at);
