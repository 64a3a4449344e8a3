-- The transaction that recorded an event; null if that was before this migration. In this order a reader skips none that
-- commits late: https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT.
alter table events add column recorded_in xid8;
alter table events alter column recorded_in set default pg_current_xact_id();
