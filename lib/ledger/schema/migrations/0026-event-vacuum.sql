-- As the queues of 0015: those who look for events without deliveries pass by the entries of all that had none before.
alter table events set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
