import type { UploadState } from '../../model/upload-state.ts';
import { MAX_PAGE_ITEMS } from '../../validation/limits.ts';
import {
  END_OF_TIME,
  type Page,
  type PageQuery,
  readCursor,
  takePage,
  writeCursor,
  writePlace,
} from '../page.ts';
import {
  hasRows,
  type LedgerDependencies,
  type Parameters,
  query,
  type Row,
  readTime,
  writeLimit,
  writeTime,
} from '../query.ts';
import { EVENTS_OF_UPLOAD } from '../uploads/timeline.ts';
import { writeResumption } from './endpoints.ts';

/** A delivery that failed for the last time. */
export interface DeadDelivery {
  readonly eventId: string;
  readonly endpoint: string;
  readonly eventType: string;
  readonly attempts: number;
  readonly lastError: string;
  /** Unix milliseconds. */
  readonly diedAt: number;
}

/** Which dead deliveries are to be replayed: those that match every given field, among `limit` examined ones. */
export interface ReplayQuery {
  readonly endpoint?: string | undefined;
  /** State of an upload: only messages about this state. */
  readonly state?: UploadState | undefined;
  /** Time of the last failure: from `from`, and before `to`; Unix milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  /** Of the previous call. */
  readonly cursor?: string | undefined;
}

/** Result of one call; without a cursor, there are no more. */
interface Replayed {
  readonly replayed: number;
  readonly cursor?: string;
}

/** Dead deliveries, and how they are replayed. Every replay resumes its endpoint. */
export interface DeadDeliveryLedger {
  /**
   * Latest first.
   *
   * @throws {Problem} `invalid_request` if the cursor is not from this list.
   */
  listDeadDeliveries(page: PageQuery): Promise<Page<DeadDelivery>>;
  /** Makes a dead delivery due immediately and resumes its endpoint; returns whether there was one. */
  replayDelivery(delivery: Pick<DeadDelivery, 'eventId' | 'endpoint'>): Promise<boolean>;
  /** Makes all dead deliveries of one upload due immediately; returns how many there were. */
  replayUpload(uploadId: string): Promise<number>;
  /**
   * Makes many dead deliveries due immediately, in the order in which they died.
   *
   * @throws {Problem} `invalid_request` if the cursor is not from such a call.
   */
  replayMany(criteria: ReplayQuery): Promise<Replayed>;
}

// Their events are looked up for one page alone.
const LIST = `select d.*, event_type from (
    select event_id, endpoint, attempts, last_error, updated_at from deliveries
    where state = 'dead' and (updated_at, event_id, endpoint) < ($2, $3, $4)
    order by updated_at desc, event_id desc, endpoint desc ${writeLimit(MAX_PAGE_ITEMS + 1)}
  ) d join events using (event_id)
  order by d.updated_at desc, event_id desc, endpoint desc limit $1`;

function writeReplay(condition: string, time: string): string {
  return `with replayed as (
      update deliveries d set state = 'pending', attempts = 0, last_error = null, next_attempt_at = ${time},
        enqueued_at = ${time}, updated_at = ${time}
      where state = 'dead' and ${condition} returning endpoint
    ),
    ${writeResumed(time)}
    select endpoint from replayed`;
}

function writeResumed(time: string): string {
  return `resumed as (
      update endpoints e set ${writeResumption(time)}
      where disabled_at is not null and endpoint in (select endpoint from replayed)
    )`;
}

/** There is an index in this order, also for one endpoint. The limit counts all examined rows, matching or not. */
function writeReplayMany(ofEndpoint: boolean, limit: number): string {
  return `with found as (
      select event_id, endpoint, updated_at from deliveries
      where state = 'dead' and (updated_at, event_id, endpoint) > ($1, $2, $3) and updated_at >= $4 and updated_at < $5
        ${ofEndpoint ? 'and endpoint = $8' : ''}
      order by updated_at, event_id, endpoint ${writeLimit(limit)} for update skip locked
    ),
    chosen as (
      select event_id, endpoint,
        $7::timestamptz - interval '1 microsecond' * row_number() over (order by updated_at desc, event_id desc, endpoint desc) as due_at
      from found f
      where $6::text is null or exists (select from events e where e.event_id = f.event_id and e.event_type = $6)
    ),
    replayed as (
      update deliveries d set state = 'pending', attempts = 0, last_error = null, next_attempt_at = due_at,
        enqueued_at = due_at, updated_at = $7::timestamptz
      from chosen c where d.event_id = c.event_id and d.endpoint = c.endpoint
        and d.event_id = any (array(select event_id from chosen)) returning d.endpoint
    ),
    ${writeResumed('$7::timestamptz')}
    select (select count(*)::integer from replayed) as replayed, count(*) over ()::integer as found, f.*
    from found f order by updated_at desc, event_id desc, endpoint desc limit 1`;
}

const REPLAY = writeReplay('event_id = $1 and endpoint = $2', '$3::timestamptz');

const REPLAY_UPLOAD = writeReplay(
  `event_id = any (array(select event_id from (${EVENTS_OF_UPLOAD}) e))`,
  '$2::timestamptz',
);

/** Creates the part of the ledger for dead deliveries. */
export function createDeadDeliveryLedger({
  connection,
  clock,
}: LedgerDependencies): DeadDeliveryLedger {
  return {
    async listDeadDeliveries({ limit, cursor }) {
      const rows = await query(connection, LIST, [limit + 1, ...writePlace(cursor, 3)]);
      return takePage(rows.map(readDead), limit, (last) => [
        last.diedAt,
        last.eventId,
        last.endpoint,
      ]);
    },
    replayDelivery({ eventId, endpoint }) {
      return hasRows(connection, REPLAY, [eventId, endpoint, writeTime(clock.now())]);
    },
    async replayUpload(uploadId) {
      return (await query(connection, REPLAY_UPLOAD, [uploadId, writeTime(clock.now())])).length;
    },
    async replayMany(criteria) {
      const { endpoint, limit } = criteria;
      const parameters = listParameters(criteria, clock.now());
      const statement = writeReplayMany(endpoint !== undefined, limit);
      const ofEndpoint = endpoint === undefined ? [] : [endpoint];
      const [row] = await query(connection, statement, [...parameters, ...ofEndpoint]);
      if (row === undefined) return { replayed: 0 };
      const replayed = Number(row['replayed']);
      if (Number(row['found']) < limit) return { replayed };
      const last = [readTime(row['updated_at']), String(row['event_id'])] as const;
      return { replayed, cursor: writeCursor([...last, String(row['endpoint'])]) };
    },
  };
}

function listParameters(criteria: ReplayQuery, now: number): Parameters {
  const { state, from = 0, to = Date.parse(END_OF_TIME), cursor } = criteria;
  const [time, eventId, endpoint] =
    cursor === undefined ? ([0, '', ''] as const) : readCursor(cursor, 3);
  const type = state === undefined ? null : `upload.${state}`;
  return [
    ...[writeTime(time), eventId ?? '', endpoint ?? ''],
    ...[writeTime(from), writeTime(to), type, writeTime(now)],
  ];
}

function readDead(row: Row): DeadDelivery {
  return {
    eventId: String(row['event_id']),
    endpoint: String(row['endpoint']),
    eventType: String(row['event_type']),
    attempts: Number(row['attempts']),
    lastError: String(row['last_error'] ?? ''),
    diedAt: readTime(row['updated_at']),
  };
}
