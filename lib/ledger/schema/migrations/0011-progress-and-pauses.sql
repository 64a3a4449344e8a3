-- How far an action with several parts has come, and what its media was like before what is under way.
alter table media_actions add column progress jsonb;

-- Why an endpoint is sent nothing, and when somebody last said that it shall be sent messages again.
alter table endpoints add column paused_reason text;
alter table endpoints add column resumed_at timestamptz;

-- What waits for another attempt later than its age says, which ends when its endpoint is paused.
create index deliveries_postponed on deliveries (endpoint)
  where state = 'pending' and last_error is not null and next_attempt_at > enqueued_at;

-- What an endpoint did not take, to be replayed in the order in which it was given up.
create index deliveries_dead_of_endpoint on deliveries (endpoint, updated_at, event_id) where state = 'dead';
