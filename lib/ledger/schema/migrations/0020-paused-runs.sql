-- Whether what is queued of an open run waits until it is resumed.
alter table pull_runs add column paused boolean not null default false;
