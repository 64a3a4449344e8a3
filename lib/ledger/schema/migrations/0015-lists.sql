-- As the indexes of 0001, but without ids, which are more than half of their size: uploads that were created at the same time
-- are sorted when they are read.
create index concurrently if not exists uploads_by_time on uploads (created_at desc);
create index concurrently if not exists uploads_by_state on uploads (state, created_at desc);
