-- Files that VOD has said it does not have: how often, and since when. That is believed after some time only, since VOD shows a new
-- file late, and answers the same to a wrong key. Rows are removed when VOD has the file after all, or after a week.
create table missing_files (
  -- Application of VOD that was asked; 0 where the configuration names none.
  sub_app_id bigint not null,
  file_id text not null,
  looks integer not null,
  missing_since timestamptz not null,
  noted_at timestamptz not null,
  primary key (sub_app_id, file_id)
);
create index missing_files_to_forget on missing_files (noted_at);
