-- Which of the account's applications each is about; null where the configuration named none.
alter table uploads add column sub_app_id bigint;
alter table media_actions add column sub_app_id bigint;
alter table events add column sub_app_id bigint;
alter table unconfirmed_events add column sub_app_id bigint;
