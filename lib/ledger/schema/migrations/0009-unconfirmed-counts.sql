-- How many events of the minute nobody has confirmed, by the application that told them; 0 where the configuration names none.
create table unconfirmed_counts (
  sub_app_id bigint primary key,
  minute timestamptz not null,
  count bigint not null
);
