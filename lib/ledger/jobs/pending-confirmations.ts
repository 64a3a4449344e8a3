import type { JsonObject } from '../../validation/json-object.ts';
import type { LedgerDependencies } from '../query.ts';
import { query, type Row, readTime, writeJson, writeTime } from '../query.ts';
import {
  claimJobs,
  type JobLease,
  type JobTable,
  releaseJobs,
  writeClaim,
  writeHeld,
} from './jobs.ts';

/** An event that VOD could not be asked about when it was received, or that failed and is to be retried. */
export interface UnconfirmedEvent {
  readonly eventId: string;
  /** Application of VOD that reported it; missing if the configuration names none. */
  readonly subAppId?: number | undefined;
  /** The notification that VOD is to be asked about. */
  readonly raw: JsonObject;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Set if VOD itself reported it, so that it need not be asked. */
  readonly proven?: boolean;
}

/** An event that is to be stored. */
interface NewUnconfirmed extends UnconfirmedEvent {
  /** Unix milliseconds at which VOD is to be asked first; if missing, now. */
  readonly dueAt?: number;
}

/** An unconfirmed event that is claimed until its lease expires. */
export interface ClaimedConfirmation extends UnconfirmedEvent {
  /** Counts from 1, and identifies this claim among all claims of the same event. */
  readonly attempt: number;
  /** What a release of the claim needs. */
  readonly lease: JobLease;
}

type Claim = Pick<ClaimedConfirmation, 'eventId' | 'attempt'>;

/** Events that are not confirmed yet, and so have changed nothing. */
export interface PendingConfirmationLedger {
  /** Stores the event until its confirmation is finished; returns false if it is already stored or recorded. */
  storePendingConfirmation(event: NewUnconfirmed): Promise<boolean>;
  /**
   * Stores events with different ids, due now, until their confirmations are finished; returns whether each was new.
   * Returns undefined, and stores none, if an event has been due since before `overdueAt` in Unix milliseconds: then
   * nothing confirms them as fast as they come.
   */
  queueConfirmations(
    events: readonly UnconfirmedEvent[],
    overdueAt: number,
  ): Promise<readonly boolean[] | undefined>;
  /** Stores an event that failed, and may be partly recorded, for another attempt. */
  storeForRetry(event: UnconfirmedEvent): Promise<void>;
  /** Claims up to `count` events, fewer large ones, longest due first; no one else can claim them until the lease expires. */
  claimConfirmations(count: number, leaseSeconds: number): Promise<readonly ClaimedConfirmation[]>;
  /** Removes the event if the claim is still valid, and its count of failures unless it is a dead item. */
  finishConfirmation(claim: Claim): Promise<void>;
  /** Releases the event, due again at `at` in Unix milliseconds, if the claim is still valid. */
  retryConfirmation(claim: Claim, at: number): Promise<void>;
  /** Releases events about which VOD was not asked: they are due as before, and nothing is counted. */
  releaseConfirmations(claims: readonly ClaimedConfirmation[]): Promise<void>;
  /** Counts one more event of the application without confirmation; returns the count for this minute. */
  incrementUnconfirmed(subAppId: number | undefined): Promise<number>;
}

// The update changes nothing; it makes the statement return the row that was stored first.
const KEEP = `insert into unconfirmed_events as u
    (event_id, raw, received_at, next_attempt_at, kept_by, sub_app_id, proven)
  select $1, $2::text::jsonb, $3::timestamptz, $4::timestamptz, $5, $6::bigint, $7::text::boolean
  where $8::text::boolean or not exists (select from events where event_id = $1)
  on conflict (event_id) do update set event_id = u.event_id
  returning kept_by`;

// The least time is read from the index that claims read, too: any overdue event might be looked for in the whole table.
const QUEUE = `with gate as materialized (
    select coalesce(min(next_attempt_at) >= $2::timestamptz, true) as is_open from unconfirmed_events
  ),
  kept as (
    insert into unconfirmed_events as u
      (event_id, raw, received_at, next_attempt_at, kept_by, sub_app_id, proven)
    select e.event_id, e.raw, e.received_at, $3::timestamptz, $4, e.sub_app_id, false
    from jsonb_to_recordset($1::text::jsonb)
      as e(event_id text, raw jsonb, received_at timestamptz, sub_app_id bigint)
    where (select is_open from gate) and not exists (select from events k where k.event_id = e.event_id)
    order by e.event_id
    on conflict (event_id) do update set event_id = u.event_id
    returning event_id, kept_by
  )
  select is_open, event_id, kept_by from gate left join kept on true`;

const CONFIRMATIONS: JobTable = {
  name: 'unconfirmed_events',
  key: ['event_id'],
  dueAt: 'next_attempt_at',
  content: 'raw',
  lease: 'attempts = attempts + 1, next_attempt_at = $2',
};

const CLAIMED = 'event_id, sub_app_id, raw, received_at, attempts, proven';

const DROP = `with dropped as (
    delete from unconfirmed_events where ${writeHeld(CONFIRMATIONS)} returning event_id
  )
  delete from dead_items d using dropped where d.kind = 'event' and d.item_id = event_id and d.state = 'failing'`;

const RETRY = `update unconfirmed_events set next_attempt_at = $3 where ${writeHeld(CONFIRMATIONS)}`;

// An instance whose clock is slow counts in the minute of the others.
const COUNT = `insert into unconfirmed_counts as c (sub_app_id, minute, count)
  values ($1::bigint, date_trunc('minute', $2::timestamptz), 1)
  on conflict (sub_app_id) do update set
    minute = greatest(c.minute, excluded.minute),
    count = case when c.minute < excluded.minute then 1 else c.count + 1 end
  returning count`;

/** Creates the part of the ledger for pending confirmations. */
export function createPendingConfirmationLedger(
  dependencies: LedgerDependencies,
): PendingConfirmationLedger {
  const { connection, clock, random } = dependencies;
  const store = async (event: NewUnconfirmed, again: boolean) => {
    const {
      eventId,
      subAppId = null,
      raw,
      receivedAt,
      dueAt = clock.now(),
      proven = false,
    } = event;
    const keeper = random.key();
    const parameters = [eventId, writeJson(raw), writeTime(receivedAt), writeTime(dueAt), keeper];
    const marks = [String(proven), String(again)];
    const [row] = await query(connection, KEEP, [...parameters, subAppId, ...marks]);
    return row?.['kept_by'] === keeper;
  };
  return {
    storePendingConfirmation: (event) => store(event, false),
    async queueConfirmations(events, overdueAt) {
      const keeper = random.key();
      const rows = events.map(({ eventId, subAppId, raw, receivedAt }) => ({
        ...{ event_id: eventId, sub_app_id: subAppId, raw, received_at: writeTime(receivedAt) },
      }));
      const times = [writeTime(overdueAt), writeTime(clock.now())];
      const found = await query(connection, QUEUE, [writeJson(rows), ...times, keeper]);
      if (found.some((row) => row['is_open'] === false)) return undefined;
      const own = new Set(
        found.filter((row) => row['kept_by'] === keeper).map((row) => row['event_id']),
      );
      return events.map(({ eventId }) => own.has(eventId));
    },
    async storeForRetry(event) {
      await store(event, true);
    },
    async claimConfirmations(count, leaseSeconds) {
      const claim = writeClaim(CONFIRMATIONS, CLAIMED, count);
      const rows = await claimJobs(dependencies, claim, leaseSeconds);
      return rows.map(readClaimed);
    },
    async finishConfirmation({ eventId, attempt }) {
      await query(connection, DROP, [eventId, attempt]);
    },
    async retryConfirmation({ eventId, attempt }, at) {
      await query(connection, RETRY, [eventId, attempt, writeTime(at)]);
    },
    releaseConfirmations(claims) {
      const rows = claims.map(({ eventId, attempt, lease }) => ({
        ...{ event_id: eventId, attempts: attempt, ...lease },
      }));
      return releaseJobs(dependencies, CONFIRMATIONS, rows);
    },
    async incrementUnconfirmed(subAppId) {
      const [row] = await query(connection, COUNT, [subAppId ?? 0, writeTime(clock.now())]);
      return Number(row?.['count']);
    },
  };
}

function readClaimed(row: Row): ClaimedConfirmation {
  return {
    eventId: String(row['event_id']),
    ...(row['sub_app_id'] === null ? {} : { subAppId: Number(row['sub_app_id']) }),
    // Only objects are stored.
    raw: row['raw'] as JsonObject,
    receivedAt: readTime(row['received_at']),
    attempt: Number(row['attempts']),
    // Made by the statement.
    lease: row['lease'] as JobLease,
    ...(row['proven'] === true ? { proven: true } : {}),
  };
}
