-- When sweep sees to it that all items of a run have followed what was last decided about it, since the caller that decided may
-- have been interrupted; null if they have. And the place up to which they have, as the cursor of the next step.
alter table pull_runs add column settle_at timestamptz, add column settle_cursor text;
