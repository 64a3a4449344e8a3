-- Who asks VOD about an upload now. A lease in the row of the upload would be a new version of that row, and of its entry in
-- each index, for every question. A lease is about one time of checking: when the upload is due at another time, it no longer
-- holds. After a crash it is empty, and some uploads are asked about twice.
create unlogged table check_leases (
  upload_id text primary key,
  check_at timestamptz not null,
  leased_until timestamptz not null
);
create index check_leases_to_forget on check_leases (leased_until);
