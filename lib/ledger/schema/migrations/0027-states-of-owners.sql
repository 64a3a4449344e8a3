-- An owner may have most of all uploads, and few of them in a state: each of its lists is read from its newest upload, without
-- the others. Those that are ready are most of its uploads, so uploads_of_owner has their list. With expires_at, a quota counts
-- what is open in here, too.
create index concurrently if not exists uploads_of_owner_in_state on uploads (owner, state, created_at desc, expires_at)
  where owner is not null and state <> 'ready';
