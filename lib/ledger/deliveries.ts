import type { Connection } from './connection.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { JsonObject } from './json-text.ts';
import { readTime, type UploadRow, writeTime } from './upload-row.ts';
import type { Page } from './uploads.ts';

/** A delivery whose turn it is, for as long as its lease lasts. */
export interface ClaimedDelivery {
  readonly eventId: string;
  readonly endpoint: string;
  /** Counts from 1, and tells this claim from every other one of the same delivery. */
  readonly attempt: number;
  /** When it was asked for, in Unix milliseconds; a replay asks anew. */
  readonly enqueuedAt: number;
  readonly eventType: string;
  readonly payload: JsonObject;
  /** When the event came, in Unix milliseconds. */
  readonly receivedAt: number;
}

type Claim = Pick<ClaimedDelivery, 'eventId' | 'endpoint' | 'attempt'>;

/** A delivery that was given up. */
interface DeadDelivery {
  readonly eventId: string;
  readonly endpoint: string;
  readonly eventType: string;
  readonly attempts: number;
  readonly lastError: string;
  /** Unix milliseconds. */
  readonly diedAt: number;
}

/** What becomes of a delivery that failed: another try at a time, Unix milliseconds, or none. */
type DeliveryFailure = { readonly error: string } & (
  | { readonly nextAttemptAt: number }
  | { readonly dead: true }
);

/** What is to be delivered; what ends a claim answers whether it still held. */
export interface DeliveryLedger {
  /**
   * Answers up to `count` deliveries, longest due first within an endpoint and at most `maxPerEndpoint` for each; the
   * endpoints take turns, so that however much waits for one, the others have their share.
   */
  claimDeliveries(
    count: number,
    leaseSeconds: number,
    maxPerEndpoint: number,
  ): Promise<readonly ClaimedDelivery[]>;
  deliveryDone(claim: Claim): Promise<boolean>;
  deliveryFailed(claim: Claim, failure: DeliveryFailure): Promise<boolean>;
  /**
   * Latest first.
   *
   * @throws {Problem} `invalid_request` where the cursor is none of this list.
   */
  listDead(query: {
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<DeadDelivery>>;
  /** Makes a dead delivery due at once; answers whether there was one. */
  replay(delivery: Pick<Claim, 'eventId' | 'endpoint'>): Promise<boolean>;
}

// From endpoint to endpoint through the index, however many deliveries wait for each.
const CLAIM = `with recursive endpoints as (
    select min(endpoint) as endpoint from deliveries where state = 'pending'
    union all
    select (select min(d.endpoint) from deliveries d where d.state = 'pending' and d.endpoint > e.endpoint)
    from endpoints e where e.endpoint is not null
  ),
  due as (
    select d.event_id, d.endpoint, d.next_attempt_at from endpoints e cross join lateral (
      select event_id, endpoint, next_attempt_at from deliveries
      where state = 'pending' and endpoint = e.endpoint and next_attempt_at <= $1::timestamptz
      order by next_attempt_at limit $4 for update skip locked
    ) d
  ),
  turns as (
    select event_id, endpoint, next_attempt_at,
      row_number() over (partition by endpoint order by next_attempt_at, event_id) as turn
    from due
  ),
  chosen as (
    select event_id, endpoint, turn from turns order by turn, next_attempt_at limit $2
  ),
  claimed as (
    update deliveries d set attempts = attempts + 1, next_attempt_at = $3, updated_at = $1::timestamptz
    from chosen c where d.event_id = c.event_id and d.endpoint = c.endpoint
    returning d.event_id, d.endpoint, d.attempts, d.enqueued_at, c.turn
  )
  select event_id, endpoint, attempts, enqueued_at, event_type, payload, received_at
  from claimed join events using (event_id) order by turn, endpoint`;

const SETTLE = `update deliveries
  set state = $4, next_attempt_at = coalesce($5, next_attempt_at), last_error = $6, updated_at = $7
  where event_id = $1 and endpoint = $2 and attempts = $3 and state = 'pending' returning event_id`;

const DEAD = `select event_id, endpoint, event_type, attempts, last_error, d.updated_at
  from deliveries d join events using (event_id)
  where d.state = 'dead' and (d.updated_at, event_id, endpoint) < ($2, $3, $4)
  order by d.updated_at desc, event_id desc, endpoint desc limit $1`;

/** Later than anything can have died. */
const END_OF_TIME = '9999-12-31T00:00:00.000Z';

const REPLAY = `update deliveries
  set state = 'pending', attempts = 0, next_attempt_at = $3, enqueued_at = $3, updated_at = $3
  where event_id = $1 and endpoint = $2 and state = 'dead' returning event_id`;

/** Answers the part of the ledger that keeps deliveries. */
export function createDeliveryLedger(connection: Connection, now: () => number): DeliveryLedger {
  const send = (statement: string, parameters: (string | number | null)[]) =>
    connection.run<UploadRow[]>((sql) => sql.unsafe(statement, parameters, { prepare: true }));
  const settle = async (
    { eventId, endpoint, attempt }: Claim,
    ...outcome: readonly [state: string, nextAttemptAt: string | null, error: string | null]
  ) => (await send(SETTLE, [eventId, endpoint, attempt, ...outcome, writeTime(now())])).length > 0;

  return {
    async claimDeliveries(count, leaseSeconds, maxPerEndpoint) {
      const at = now();
      const until = writeTime(at + leaseSeconds * 1_000);
      const rows = await send(CLAIM, [writeTime(at), count, until, maxPerEndpoint]);
      return rows.map(readClaimed);
    },
    deliveryDone(claim) {
      return settle(claim, 'delivered', null, null);
    },
    deliveryFailed(claim, failure) {
      const error = failure.error.replaceAll('\0', '\ufffd');
      return 'dead' in failure
        ? settle(claim, 'dead', null, error)
        : settle(claim, 'pending', writeTime(failure.nextAttemptAt), error);
    },
    async listDead({ limit, cursor }) {
      const [time, eventId = '', endpoint = ''] = cursor === undefined ? [] : readCursor(cursor, 3);
      const before = time === undefined ? END_OF_TIME : writeTime(time);
      const rows = await send(DEAD, [limit + 1, before, eventId, endpoint]);
      const items = rows.slice(0, limit).map(readDead);
      const last = items.at(-1);
      if (rows.length <= limit || last === undefined) return { items };
      return { items, cursor: writeCursor([last.diedAt, last.eventId, last.endpoint]) };
    },
    async replay({ eventId, endpoint }) {
      return (await send(REPLAY, [eventId, endpoint, writeTime(now())])).length > 0;
    },
  };
}

function readClaimed(row: UploadRow): ClaimedDelivery {
  return {
    eventId: String(row['event_id']),
    endpoint: String(row['endpoint']),
    attempt: Number(row['attempts']),
    enqueuedAt: readTime(row['enqueued_at']),
    eventType: String(row['event_type']),
    // Only objects are recorded.
    payload: row['payload'] as JsonObject,
    receivedAt: readTime(row['received_at']),
  };
}

function readDead(row: UploadRow): DeadDelivery {
  return {
    eventId: String(row['event_id']),
    endpoint: String(row['endpoint']),
    eventType: String(row['event_type']),
    attempts: Number(row['attempts']),
    lastError: String(row['last_error'] ?? ''),
    diedAt: readTime(row['updated_at']),
  };
}
