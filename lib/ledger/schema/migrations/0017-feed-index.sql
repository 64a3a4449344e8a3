-- What was recorded after a place. Without ids, which would be most of its size: a transaction records few events, and these
-- are sorted when they are read.
create index concurrently if not exists events_in_order on events (recorded_in) where recorded_in is not null and not pruned;
