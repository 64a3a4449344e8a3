-- 0015-lists has built what replaces these.
drop index if exists uploads_newest, uploads_in_state;

-- A claim passes by the rows that were due before and are not removed yet. By default, these are removed when they are a fifth
-- of the table, which for tables that also have the history is millions.
alter table deliveries set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
alter table media_actions set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
alter table uploads set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 20000);
alter table pulls set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
alter table unconfirmed_events set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
