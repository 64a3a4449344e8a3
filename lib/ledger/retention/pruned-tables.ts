import type { PrunedName, PrunedState } from '../../model/retention.ts';
import { MAX_BYTES, writeInState } from '../query.ts';

/**
 * How the rows of one kind are found and removed. Parameters of the statement that finds them: `$1` and `$2`, the times
 * between which they are, and `$3`, the time before which accepted deliveries are too old; of the one that removes them:
 * `$1`, their keys as a list of lists, then `$2` and `$3` as before, and `$4`, the present.
 */
interface PrunedTable {
  /**
   * A query of the rows after `$1`, in the order of their index: their key and their time as `at`. It has no other bound,
   * since with two the planner expects few rows, and sorts those of another index.
   */
  readonly page: string;
  /** The bytes on disk of the content of a row of `page`, if that may be large: one of its columns. */
  readonly size?: string;
  /** A query of the rows of the part `page` that can be pruned: their `key` as a list and their `content`. */
  readonly due: string;
  /** Parts of a `with` that remove rows, the last of which, `pruned`, has a row for each. */
  readonly removal: string;
}

/** Rows that a statement looks at: a few milliseconds of work. */
export const PAGE_SIZE = 500;

/** An upload has other rows too, which are removed with it; and content may be large. */
const SMALL_PAGE_SIZE = 100;

const ASKED = 'jsonb_array_elements($1::text::jsonb)';

/** Returns the condition that no row is found, looked up row by row. */
function none(query: string): string {
  return `(select true from ${query} limit 1) is null`;
}

/** Returns a row with those of another table that are removed with it. */
function withRows(row: string, table: string, condition: string): string {
  const [name = '', alias = ''] = table.split(' ');
  const rows = `(select coalesce(jsonb_agg(${alias}), '[]') from ${table} where ${condition})`;
  return `to_jsonb(${row}) || jsonb_build_object('${name}', ${rows})`;
}

const isAccepted = (d: string, before: string) =>
  `${d}.state = 'delivered' and ${d}.updated_at < ${before}::timestamptz`;

// By the time of their events, so that there is no index of deliveries, of which there are the most.
const DELIVERIES: PrunedTable = {
  page: writeEventPage(),
  due: `select jsonb_build_array(event_id, endpoint) as key, to_jsonb(d) as content from deliveries d
    where event_id = any (array(select event_id from page)) and ${isAccepted('d', '$3')}`,
  removal: writeRemovalByPlace('deliveries', ['event_id', 'endpoint'], isAccepted('t', '$3')),
};

function writeEventPage(): string {
  return `select event_id, received_at as at, pg_column_size(payload) as payload_size from events
    where not pruned and received_at > $1::timestamptz order by received_at`;
}

/** All that was to be done with an event is done, and no one will record it again from a list. */
const EVENT_IS_DUE = `not e.pruned and e.fanned_out and e.received_at < $2::timestamptz
    and ${none(`deliveries d where d.event_id = e.event_id and not (${isAccepted('d', '$3')})`)}
    and ${none("dead_items i where i.kind = 'event' and i.item_id = e.event_id and i.state = 'dead'")}
    and ${none('unconfirmed_events u where u.event_id = e.event_id')}`;

/**
 * Whether an event may be reported again at any time, and so its id stays: a scan or a check reports that a file came or
 * is gone, and each change of an upload announces its present state. VOD itself repeats nothing after some days.
 */
const EVENT_STAYS = `(e.event_type in ('vod.NewFileUpload', 'vod.FileDeleted')
      or (e.event_type = 'vod.PullComplete' and e.file_id is not null)
      or (select 'evt_' || u.upload_id || '_' || u.state from uploads u where u.upload_id = e.upload_id) is not distinct from e.event_id)`;

const EVENTS: PrunedTable = {
  page: writeEventPage(),
  size: 'payload_size',
  due: `select jsonb_build_array(event_id) as key, ${withRows('e', 'deliveries d', 'd.event_id = e.event_id')} as content from events e
    where event_id = any (array(select event_id from page)) and ${EVENT_IS_DUE}`,
  removal: `due as (
      select event_id, ${EVENT_STAYS} as stays from events e
      where event_id = any (array(select k ->> 0 from ${ASKED} k)) and ${EVENT_IS_DUE}
      order by event_id for update of e skip locked
    ),
    undelivered as (delete from deliveries where event_id = any (array(select event_id from due))),
    emptied as (
      update events set payload = '{}', pruned = true, task_id = null, recorded_by = ''
      where event_id = any (array(select event_id from due where stays))
    ),
    removed as (delete from events where event_id = any (array(select event_id from due where not stays))),
    pruned as (select event_id from due)`,
};

/** Returns the removal of rows with a key of two columns; `isDue` names their table `t`. */
function writeRemovalByPlace(
  table: string,
  [first, second]: readonly [string, string],
  isDue: string,
): string {
  // They are removed by their place, since a list of keys of two columns is not looked up in an index.
  return `due as (
      select t.ctid as place from ${ASKED} k cross join lateral (
        select t.ctid from ${table} t where t.${first} = k ->> 0 and t.${second} = k ->> 1 and ${isDue}
        for update skip locked
      ) t
    ),
    pruned as (delete from ${table} where ctid = any (array(select place from due)) returning ${first})`;
}

const KEY_IS_DUE = `t.created_at < $2::timestamptz and ${none('pulls p where p.upload_id = t.upload_id')}`;

const KEYS: PrunedTable = {
  page: `select owner, key as name, created_at as at from requests
    where created_at > $1::timestamptz order by created_at`,
  due: `select jsonb_build_array(t.owner, t.key) as key, to_jsonb(t) as content
    from page cross join lateral (
      select * from requests t where t.owner = page.owner and t.key = page.name offset 0
    ) t where ${KEY_IS_DUE}`,
  removal: writeRemovalByPlace('requests', ['owner', 'key'], KEY_IS_DUE),
};

/** Returns whether a run got nothing new; one that is paused is to be resumed, whenever that is. */
const isOver = (run: string) =>
  `${run}.updated_at < $2::timestamptz and not (${run}.paused and ${run}.state = 'open')`;

/**
 * The run is over, or not there any more, and the pull is not queued. Without the item, the same source would be pulled
 * again.
 */
const RUN_ITEM_IS_DUE = `coalesce((select ${isOver('r')} from pull_runs r where r.run_id = t.run_id limit 1), true)
    and ${none('pulls p where p.upload_id = t.upload_id')}`;

// Their requests are not exported, since the URLs in them may be signed.
const RUN_ITEMS: PrunedTable = {
  page: `select run_id, source_id, added_at as at from pull_run_items
    where added_at > $1::timestamptz order by added_at`,
  due: `select jsonb_build_array(t.run_id, t.source_id) as key, to_jsonb(t) - 'request' as content
    from page cross join lateral (
      select * from pull_run_items t where t.run_id = page.run_id and t.source_id = page.source_id offset 0
    ) t where ${RUN_ITEM_IS_DUE}`,
  removal: writeRemovalByPlace('pull_run_items', ['run_id', 'source_id'], RUN_ITEM_IS_DUE),
};

const RUN_IS_DUE = `${isOver('t')} and ${none('pull_run_items i where i.run_id = t.run_id')}`;

const RUNS: PrunedTable = {
  page: `select run_id, updated_at as at from pull_runs
    where updated_at > $1::timestamptz order by updated_at`,
  due: `select jsonb_build_array(t.run_id, t.owner) as key, to_jsonb(t) as content
    from page cross join lateral (
      select * from pull_runs t where t.run_id = page.run_id offset 0
    ) t where ${RUN_IS_DUE}`,
  removal: writeRemovalByPlace('pull_runs', ['run_id', 'owner'], RUN_IS_DUE),
};

/** Returns how the dead rows of a table with a key of two columns are pruned. */
function prunesDead(
  table: string,
  [first, second]: readonly [string, string],
  time: string,
  size?: string,
): PrunedTable {
  const isDue = `t.state = 'dead' and t.${time} < $2::timestamptz`;
  return {
    page: `select ${first} as first, ${second} as second, ${time} as at${size === undefined ? '' : `, ${size} as content_size`} from ${table}
      where state = 'dead' and ${time} > $1::timestamptz order by ${time}`,
    ...(size === undefined ? {} : { size: 'content_size' }),
    due: `select jsonb_build_array(t.${first}, t.${second}) as key, to_jsonb(t) as content
      from page cross join lateral (
        select * from ${table} t where t.${first} = page.first and t.${second} = page.second offset 0
      ) t where ${isDue}`,
    removal: writeRemovalByPlace(table, [first, second], isDue),
  };
}

/** Nothing is to be done about an upload, and all its events are pruned, so no message about it waits. */
const UPLOAD_IS_DUE = `u.updated_at < $2::timestamptz
    and coalesce(u.expires_at, u.updated_at) < $2::timestamptz and coalesce(u.arrived_at, u.updated_at) < $2::timestamptz
    and ${none('pulls p where p.upload_id = u.upload_id')}
    and ${none('events e where coalesce(e.file_id, e.upload_id) = u.upload_id and not e.pruned')}
    and ${none('events e where coalesce(e.file_id, e.upload_id) = u.file_id and not e.pruned')}
    and ${none("media_actions a where a.upload_id = u.upload_id and a.state <> 'done'")}
    and ${none("media_actions a where a.file_id = u.file_id and a.state <> 'done'")}
    and ${none("dead_items i where i.kind = 'upload' and i.item_id = u.upload_id and i.state = 'dead'")}`;

const NOT_PRUNED = none('pruned_uploads p where p.upload_id = u.upload_id and not p.removed');

/** By the time of their creation, in which there is an index of each state. From then on nothing is recorded for them. */
function prunesUploads(state: PrunedState): PrunedTable {
  // A `case`, since the index of states would be read instead of that of ids.
  const isDue = `case u.state when '${state}' then true end and ${UPLOAD_IS_DUE} and ${NOT_PRUNED}`;
  return {
    page: `select upload_id, state, created_at as at from uploads
      where ${writeInState(state)} and created_at > $1::timestamptz order by state desc, created_at`,
    due: `select jsonb_build_array(upload_id) as key, ${withRows('u', 'media_actions a', 'a.upload_id = u.upload_id')} as content from uploads u
      where upload_id = any (array(select upload_id from page)) and ${isDue}`,
    removal: `due as (
        select upload_id, file_id, sub_app_id, owner from uploads u
        where upload_id = any (array(select k ->> 0 from ${ASKED} k)) and ${isDue}
        order by upload_id for update of u skip locked
      ),
      pruned as (
        insert into pruned_uploads (upload_id, file_id, sub_app_id, owner, has_media, pruned_at)
        select upload_id, file_id, sub_app_id, owner, ${state === 'ready' || state === 'failed'} and file_id is not null,
          $4::timestamptz from due
        on conflict (upload_id) do update set file_id = excluded.file_id, sub_app_id = excluded.sub_app_id,
          owner = excluded.owner, has_media = excluded.has_media, pruned_at = excluded.pruned_at, removed = false
        returning upload_id
      )`,
  };
}

const IDS = 'array(select upload_id from ended)';
const FILES = 'array(select file_id from ended where file_id is not null)';

/**
 * The rows of uploads that are pruned. A statement that had begun before may have changed one, or something is to be done with
 * its file since then: it is not pruned then, and its turn comes again. Events that are recorded for its file only have their
 * own time.
 */
const PRUNED_UPLOADS: PrunedTable = {
  page: `select upload_id, pruned_at as at from pruned_uploads
    where not removed and pruned_at > $1::timestamptz order by pruned_at`,
  due: 'select jsonb_build_array(upload_id) as key, null::jsonb as content from page',
  removal: `due as (
      select upload_id, file_id, pruned_at from pruned_uploads
      where upload_id = any (array(select k ->> 0 from ${ASKED} k)) and not removed and pruned_at < $2::timestamptz
      order by upload_id for update skip locked
    ),
    found as (
      select u.upload_id, u.file_id, u.updated_at >= due.pruned_at - interval '1 day'
        or not (${none("media_actions a where a.upload_id = u.upload_id and a.state <> 'done'")}) as changed
      from due cross join lateral (
        select upload_id, file_id, updated_at from uploads u where u.upload_id = due.upload_id for update
      ) u
    ),
    ended as (select upload_id, file_id from found where not changed),
    withdrawn as (
      delete from pruned_uploads where upload_id = any (array(select upload_id from found where changed))
    ),
    pruned as (
      update pruned_uploads set removed = true
      where upload_id = any (array(
        select upload_id from due where upload_id not in (select upload_id from found where changed)
      )) returning upload_id
    ),
    untold as (
      delete from events where pruned
        and (coalesce(file_id, upload_id) = any (${IDS}) or coalesce(file_id, upload_id) = any (${FILES}))
    ),
    undone as (delete from media_actions where upload_id = any (${IDS}) or file_id = any (${FILES})),
    unread as (delete from upload_contents where upload_id = any (${IDS})),
    gone as (delete from uploads where upload_id = any (${IDS}))`,
};

function findTable(name: PrunedName): PrunedTable {
  switch (name) {
    case 'deliveries':
      return DELIVERIES;
    case 'deadDeliveries':
      return prunesDead('deliveries', ['event_id', 'endpoint'], 'updated_at');
    case 'deadActions':
      return prunesDead('media_actions', ['file_id', 'kind'], 'updated_at');
    case 'deadItems':
      return prunesDead(
        'dead_items',
        ['kind', 'item_id'],
        'last_failed_at',
        'coalesce(pg_column_size(content), 0)',
      );
    case 'events':
      return EVENTS;
    case 'keys':
      return KEYS;
    case 'runItems':
      return RUN_ITEMS;
    case 'runs':
      return RUNS;
    case 'prunedUploads':
      return PRUNED_UPLOADS;
    default:
      return prunesUploads(STATES[name]);
  }
}

const STATES: Readonly<Record<Extract<PrunedName, `uploads/${string}`>, PrunedState>> = {
  'uploads/ready': 'ready',
  'uploads/failed': 'failed',
  'uploads/rejected': 'rejected',
  'uploads/expired': 'expired',
  'uploads/cancelled': 'cancelled',
  'uploads/deleted': 'deleted',
};

/**
 * Returns the statement that reads a page of rows by their time: at most {@link PAGE_SIZE} of them, fewer with large contents, and
 * those of the same time as the last one. It returns the key and, if wanted, the content of each that can be pruned, with
 * `until`, the time of the last row that was read, and `is_last`; if none can be pruned, one row without a key.
 */
export function writePage(name: PrunedName, withContent: boolean): string {
  const { page, size, due } = findTable(name);
  const count =
    withContent || name.startsWith('uploads/') || name === 'prunedUploads'
      ? SMALL_PAGE_SIZE
      : PAGE_SIZE;
  const light = withContent && size !== undefined ? selectLight(size) : 'select * from found';
  // Each statement has all parameters, used or not, and the server needs their types.
  return `with times as (select $1::timestamptz, $2::timestamptz, $3::timestamptz),
    found as materialized (
      select * from (${page} fetch first ${count} rows with ties) p where at < $2::timestamptz
    ),
    page as materialized (${light}),
    due as (${due})
    select until, read < ${count} and read = (select count(*) from found) as is_last, key${withContent ? ', content' : ''}
    from (select max(at) as until, count(*) as read from page) p left join due on true`;
}

/** Returns a query of the first rows of `found` with a `size` of {@link MAX_BYTES} together, or those of the first time. */
function selectLight(size: string): string {
  return `select * from (
      select *, sum(${size}) over (order by at) as bytes, min(at) over () as first_at from found
    ) f where bytes <= ${MAX_BYTES} or at = first_at`;
}

/** Returns the statement that removes rows by their keys, and returns their number as `count`. */
export function writeRemoval(name: PrunedName): string {
  return `with times as (select $2::timestamptz, $3::timestamptz, $4::timestamptz),
    ${findTable(name).removal}
    select count(*)::integer as count from pruned`;
}
