import { MAX_RUN_PAGE, type RunItemState } from '../../model/pull-run.ts';
import { writeConstant, writeLimit } from '../query.ts';

/**
 * State of the item `i` with the upload `u`, if that is there. One that was refused keeps the id of its upload for the next
 * attempt, since another request may queue it at the same time; its problem counts only as long as nobody has. Without a
 * problem, an upload that is not there is about to be queued.
 */
const STATE = `case when i.upload_id is null then 'refused'
    when u.upload_id is null then case
      when (select true from pruned_uploads p where p.upload_id = i.upload_id limit 1) then 'pruned'
      when i.problem is not null then 'refused' else 'waiting' end
    when u.state = 'issued' then case when u.task_id is null then 'waiting' else 'fetching' end
    when u.state = 'uploaded' then 'processing'
    else u.state end`;

/**
 * Problem of a row with the `state` of an item, its `refusal` and the `problem` of its upload. The query of these has `offset
 * 0`, without which the state would be looked up each time that it is named.
 */
const PROBLEM = "case when state = 'refused' then refusal else problem end";

/** VOD's code is in `vod` if it refused the call, and next to the problem's own code if the task failed. */
const REASON = `case when problem is not null then
    concat_ws(' ', problem ->> 'code', coalesce(problem -> 'vod' ->> 'code', problem ->> 'vodErrCode')) end`;

/** Returns whether the upload of an item is not there, and was not pruned: nobody has queued it yet. */
function writeMissing(row: string): string {
  return `((select true from uploads u where u.upload_id = ${row}.upload_id limit 1) is null
    and (select true from pruned_uploads p where p.upload_id = ${row}.upload_id limit 1) is null)`;
}

const UPLOAD = 'left join uploads u on u.upload_id = i.upload_id';

const COLUMN = (column: string, condition: string) =>
  `case when ${condition} then excluded.${column} else i.${column} end`;

// Another attempt is made of an item that was refused, and of one whose upload ended without a file if that is asked for; the
// latter gets another upload. What was never queued is queued in the form in which it comes now. With a limit, the upload is
// looked up; otherwise all that have failed would be read first.
const CHANGED = `select i.attempts + (is_ended or (is_missing and i.problem is not null))::integer,
    ${COLUMN('problem', 'is_ended or is_missing')}, ${COLUMN('upload_id', 'is_ended or i.upload_id is null')},
    ${COLUMN('request', 'is_ended or is_missing')}
    from (select $4::text = 'true' and coalesce((
      select u.state in ('failed', 'expired') and u.file_id is null from uploads u where u.upload_id = i.upload_id limit 1
    ), false) as is_ended, ${writeMissing('i')} as is_missing offset 0) n`;

/**
 * Adds items `$2` to the run `$1`, if it is open, at the time `$3`, and returns each with the state that it has. An item that
 * was added by a statement whose answer was lost has the upload of that statement, and no attempt is counted again.
 */
export const ADD_ITEMS = `with run as (
    update pull_runs set updated_at = greatest(updated_at, $3::timestamptz)
    where run_id = $1 and state = 'open' returning run_id
  ),
  added as (
    insert into pull_run_items as i (run_id, source_id, upload_id, request, added_at)
    select run.run_id, n.id, n.upload_id, n.request, $3::timestamptz
    from run cross join jsonb_to_recordset($2::text::jsonb) as n(id text, upload_id text, request jsonb)
    order by n.id
    on conflict (run_id, source_id) do update set (attempts, problem, upload_id, request) = (${CHANGED})
    returning source_id, upload_id, problem
  )
  select i.source_id as id, i.upload_id, u.created_at, u.sub_app_id, ${STATE} as state
  from added i ${UPLOAD}`;

/**
 * Records the items `$2` of the run `$1` as refused at the time `$3`. One without a request keeps its own; one whose upload
 * was queued in the meantime is not refused.
 */
export const REFUSE_ITEMS = `insert into pull_run_items as i (run_id, source_id, request, problem, added_at)
  select $1, n.id, coalesce(n.request, '{}'), n.problem, $3::timestamptz
  from jsonb_to_recordset($2::text::jsonb) as n(id text, upload_id text, request jsonb, problem jsonb)
  order by n.id
  on conflict (run_id, source_id) do update set problem = excluded.problem,
    request = case when excluded.request = '{}' then i.request else excluded.request end
  where i.upload_id is null or (${writeMissing('i')} and i.upload_id in (
    select n.upload_id from jsonb_to_recordset($2::text::jsonb) as n(id text, upload_id text) where n.id = i.source_id
  ))`;

/** Items that one statement counts, which takes some tenth of a second. */
export const COUNTED_AT_ONCE = 20_000;

const page = (size: number) => `select * from pull_run_items
    where run_id = $1 and source_id > $2 order by source_id ${writeLimit(size)}`;

/** Counts the items of the run `$1` after the item `$2`. */
export const COUNT_ITEMS = `select state, ${REASON} as reason, count(*)::integer as count, coalesce(sum(size), 0) as bytes,
    max(source_id) as last
  from (
    select source_id, size, state, ${PROBLEM} as problem from (
      select i.source_id, u.size, i.problem as refusal, u.problem, ${STATE} as state
      from (${page(COUNTED_AT_ONCE)}) i ${UPLOAD} offset 0
    ) s
  ) s
  group by 1, 2`;

/** Items that are looked at for one page of those in some states. */
export const LOOKED_AT_ONCE = 5_000;

/** Most bytes of a page: half of what the platform accepts as an answer, since JSON of it may be longer. */
const MAX_BYTES = 3_000_000;

/** Bytes of an item without its texts. */
const ITEM_BYTES = 500;

const BYTES = ['to_json(id)', 'problem', 'request', 'media_url']
  .map((text) => `coalesce(octet_length(${text}::text), 0)`)
  .join(' + ');

/** Which items are in a page. */
interface PageFilter {
  readonly states?: readonly RunItemState[] | undefined;
  /** Whether those that nobody has queued yet count as refused. */
  readonly unqueued?: boolean | undefined;
  readonly withRequest?: boolean | undefined;
}

/**
 * Returns the statement for a page of at most `$3` items of the run `$1` after the item `$2`, and how many it looks at. Each
 * row has the number and the last of those that were looked at, and the number of those that were found, of which as many
 * are in the page as its size in bytes allows; if none is in the page, one row has only that.
 */
export function writeItemPage({ states, unqueued = false, withRequest = false }: PageFilter) {
  const size = states === undefined ? MAX_RUN_PAGE + 1 : LOOKED_AT_ONCE;
  const found = unqueued
    ? "case when state = 'waiting' and is_missing then 'refused' else state end"
    : 'state';
  const filter =
    states === undefined ? '' : `where ${found} in (${states.map(writeConstant).join(', ')})`;
  const statement = `with page as materialized (${page(size)}),
    items as (
      select i.source_id as id, i.upload_id, i.attempts, ${withRequest ? 'i.request' : 'null::jsonb'} as request,
        i.problem as refusal, u.problem, u.file_id, u.media_url, u.size, u.duration,
        u.upload_id is null as is_missing, ${STATE} as state
      from page i left join lateral (select * from uploads u where u.upload_id = i.upload_id limit 1) u on true offset 0
    ),
    found as materialized (
      select id, upload_id, attempts, request, ${PROBLEM} as problem, file_id, media_url, size, duration, state
      from items ${filter} order by id limit $3
    ),
    chosen as (
      select * from (
        select *, sum(${ITEM_BYTES} + ${BYTES}) over earlier as bytes, row_number() over earlier as number
        from found window earlier as (order by id)
      ) f where bytes <= ${MAX_BYTES} or number = 1
    )
    select seen.read, seen.last, (select count(*) from found)::integer as found, chosen.*
    from (select count(*)::integer as read, max(source_id) as last from page) seen left join chosen on true
    order by chosen.id`;
  return { statement, size };
}
