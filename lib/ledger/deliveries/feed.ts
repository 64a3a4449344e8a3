import { type Problem, refuseFields } from '../../problem.ts';
import type { Connection } from '../connection/connection.ts';
import { readCode } from '../ledger-error.ts';
import { readCursor, writeCursor } from '../page.ts';
import { MAX_BYTES, query, writeConstant, writeLimit, writePattern } from '../query.ts';
import type { EVENT_ROW, LedgerEvent } from './deliveries.ts';

/** Which events a caller may see. */
export interface FeedScope {
  /** If set, only the states of this owner's uploads. */
  readonly owner?: string | undefined;
  /** If set, only what this application of VOD reported. */
  readonly subAppId?: number | undefined;
}

/** Which part of all events. */
export interface FeedQuery extends FeedScope {
  /** Cursor of a page or an item; undefined for the present, after which nothing is recorded yet. */
  readonly after: string | undefined;
  /** Patterns of message types, for `matchesEvent`. */
  readonly types: readonly string[];
  readonly limit: number;
}

/** Some events, in the order in which they were recorded. */
export interface FeedPage {
  /** Each with the cursor that continues after it. */
  readonly items: readonly { readonly cursor: string; readonly event: LedgerEvent }[];
  /** Continues after everything that was read, whether or not it was wanted. */
  readonly cursor: string;
  /** Whether there are later events already. */
  readonly more: boolean;
}

/** All events, in an order in which none is added before one that was read. */
export interface FeedLedger {
  /**
   * Returns the events after a cursor, of those that are not pruned; it looks at a thousand at most.
   *
   * @throws {Problem} `invalid_request` if the cursor is not from this feed.
   */
  readFeed(criteria: FeedQuery): Promise<FeedPage>;
  /** Returns an event by its id; undefined if there is none that may be seen. */
  findMessage(eventId: string, scope: FeedScope): Promise<LedgerEvent | undefined>;
}

/** Most events that are looked at in one statement. */
const MAX_READ = 1_000;

/** No transaction that began before this one is open any more; those that are have recorded nothing before it. */
const HORIZON = 'pg_snapshot_xmin(pg_current_snapshot())';

/** What reads the rows of events is a part of the ledger, and so not bundled once more here. */
interface FeedDependencies {
  readonly connection: Connection;
  readonly row: typeof EVENT_ROW;
}

/** Creates the part of the ledger that reads all events in order. */
export function createFeedLedger(dependencies: FeedDependencies): FeedLedger {
  return {
    readFeed: (criteria) => readFeed(criteria, dependencies),
    findMessage: (eventId, scope) => findMessage(eventId, scope, dependencies),
  };
}

async function readFeed(
  { after, types, limit, ...scope }: FeedQuery,
  { connection, row }: FeedDependencies,
): Promise<FeedPage> {
  const timeline = await readTimeline(connection);
  if (after === undefined) return beginFeed(connection, timeline);
  const [transaction, eventId = '', readOn = ''] = readCursor(after, 3, 'after');
  if (timeline !== '' && readOn !== '' && readOn !== timeline) {
    throw refuseAfter(
      'is from before a standby or a backup took the place of this database, which may not have all that was read: begin without it',
    );
  }
  const parameters = [transaction, eventId, writePattern(types), limit];
  const rows = await query(connection, writeFeed(scope, row.columns, parameters), parameters);
  const [first = {}] = rows;
  if (first['is_ahead'] === true) {
    throw refuseAfter('must be a cursor of this database, which it is not: begin without it');
  }
  const writePlace = createPlaces(timeline);
  const items = rows
    .filter((each) => each['event_id'] !== null)
    .map((each) => ({
      cursor: writePlace(each['recorded_in'], each['event_id']),
      event: row.read(each),
    }));
  const isCut = Number(first['wanted']) > items.length;
  const { last_in: lastIn, last_id: lastId } = first;
  const until = lastIn === null ? after : writePlace(lastIn, lastId);
  const cursor = isCut ? (items.at(-1)?.cursor ?? after) : until;
  return { items, cursor, more: isCut || Number(first['read']) === MAX_READ };
}

async function findMessage(
  eventId: string,
  scope: FeedScope,
  { connection, row }: FeedDependencies,
): Promise<LedgerEvent | undefined> {
  const parameters: (string | number)[] = [eventId];
  const condition = writeScope(scope, parameters);
  const statement = `select ${row.columns} from events where event_id = $1 and not pruned and ${condition}`;
  const [found] = await query(connection, statement, parameters);
  return found && row.read(found);
}

async function beginFeed(connection: Connection, timeline: string): Promise<FeedPage> {
  const [row] = await query(connection, `select ${HORIZON}::text as place`);
  return { items: [], cursor: createPlaces(timeline)(row?.['place'], ''), more: false };
}

/**
 * Returns the timeline of the server, which is another one after each failover and recovery; empty if this server or this
 * role cannot tell. A standby that takes over may lack the last transactions, and gives their numbers to others:
 * https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES.
 */
async function readTimeline(connection: Connection): Promise<string> {
  const statement = 'select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline';
  try {
    const [row] = await query(connection, statement);
    return String(row?.['timeline'] ?? '');
  } catch (error) {
    if (CANNOT_TELL.test(readCode(error))) return '';
    throw error;
  }
}

/** There is no such function, or not for this role: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const CANNOT_TELL = /^(?:0A|42)/;

function createPlaces(timeline: string) {
  return (transaction: unknown, eventId: unknown) =>
    writeCursor([Number(transaction), String(eventId), timeline]);
}

function refuseAfter(message: string): Problem {
  return refuseFields([{ path: 'after', message }]);
}

/** Returns the statement, and adds to the parameters. */
function writeFeed(scope: FeedScope, columns: string, parameters: (string | number)[]): string {
  return `with page as materialized (
      select event_id, recorded_in, pg_column_size(payload) as size,
        event_type ~ $3 and ${writeScope(scope, parameters)} as is_wanted
      from events
      where recorded_in is not null and not pruned
        and (recorded_in, event_id) > ($1::text::xid8, $2::text) and recorded_in < ${HORIZON}
      order by recorded_in, event_id ${writeLimit(MAX_READ)}
    ),
    wanted as (
      select event_id, recorded_in, sum(size) over earlier as bytes, row_number() over earlier as number
      from page where is_wanted window earlier as (order by recorded_in, event_id)
    ),
    chosen as (
      select event_id, recorded_in from wanted
      where number <= $4::integer and (bytes <= ${MAX_BYTES} or number = 1)
    ),
    found as (
      select ${columns} from events where event_id = any (array(select event_id from chosen))
    )
    select p.*, chosen.recorded_in::text as recorded_in, found.* from (
      select count(*)::integer as read, count(*) filter (where is_wanted)::integer as wanted,
        $1::text::xid8 > pg_snapshot_xmax(pg_current_snapshot()) as is_ahead,
        (select recorded_in::text from page order by recorded_in desc limit 1) as last_in,
        (select event_id from page order by recorded_in desc, event_id desc limit 1) as last_id
      from page
    ) p left join (chosen join found using (event_id)) on true
    order by chosen.recorded_in, found.event_id`;
}

/** Returns the condition that an event may be seen. Only the announcement of a state says whose upload it is about. */
function writeScope({ owner, subAppId }: FeedScope, parameters: (string | number)[]): string {
  const conditions = ['true'];
  if (owner !== undefined) {
    const place = parameters.push(owner);
    conditions.push(
      `case when event_type like 'upload.%' then payload ->> 'owner' = $${place} else false end`,
    );
  }
  if (subAppId !== undefined) {
    conditions.push(`sub_app_id is not distinct from ${writeConstant(subAppId)}`);
  }
  return conditions.join(' and ');
}
