-- For lists by method and by application, of which some have few uploads. Without ids, which would be half of their size:
-- uploads that were created at the same time are sorted when they are read.
create index concurrently if not exists uploads_of_method on uploads (method, created_at desc);
create index concurrently if not exists uploads_of_application on uploads (sub_app_id, created_at desc)
  where sub_app_id is not null;
