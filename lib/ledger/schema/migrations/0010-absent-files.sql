-- What notifications told of files that VOD does not have, and that no upload has: their arrival, their deletion, or both.
create table absent_files (
  -- Application of VOD that told it; 0 where the configuration names none.
  sub_app_id bigint not null,
  file_id text not null,
  -- Of an arrival that was told: what it says of where the file came from. No more of it is kept.
  source jsonb,
  deletion_told boolean not null,
  noted_at timestamptz not null,
  primary key (sub_app_id, file_id)
);

create index absent_files_noted on absent_files (sub_app_id, noted_at);
