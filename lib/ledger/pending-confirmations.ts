import type { JsonObject } from '../validation/json-object.ts';
import { claimJobs, type JobTable, writeClaim, writeHeld } from './jobs.ts';
import type { LedgerDependencies } from './query.ts';
import { query, readTime, writeJson, writeTime } from './query.ts';

/** An event that VOD could not be asked about when it came, or that failed and is to be tried again. */
interface UnconfirmedEvent {
  readonly eventId: string;
  /** Application of VOD that told it; missing where the configuration names none. */
  readonly subAppId?: number | undefined;
  /** What VOD is to be asked about, as a notification tells it. */
  readonly raw: JsonObject;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Set where VOD itself has told it, so that it need not be asked. */
  readonly proven?: boolean;
}

/** An event that is to be kept. */
interface NewUnconfirmed extends UnconfirmedEvent {
  /** Unix milliseconds at which VOD is to be asked first; now where it is missing. */
  readonly dueAt?: number;
}

/** An unconfirmed event whose turn it is, for as long as its lease lasts. */
export interface ClaimedConfirmation extends UnconfirmedEvent {
  /** Counts from 1, and tells this claim from every other one of the same event. */
  readonly attempt: number;
}

type Claim = Pick<ClaimedConfirmation, 'eventId' | 'attempt'>;

/** Events that nobody has confirmed yet, and that so have changed nothing. */
export interface PendingConfirmationLedger {
  /** Keeps the event until its confirmation is finished; returns false where it is kept, or recorded, already. */
  keepPendingConfirmation(event: NewUnconfirmed): Promise<boolean>;
  /** Keeps an event that failed, which may be recorded in part, to be tried again. */
  keepForRetry(event: UnconfirmedEvent): Promise<void>;
  /** Returns up to `count` events, longest due first; each is nobody else's until its lease runs out. */
  claimConfirmations(count: number, leaseSeconds: number): Promise<readonly ClaimedConfirmation[]>;
  /** Forgets the event, where the claim still holds, and that it had failed, unless it is set aside as dead. */
  finishConfirmation(claim: Claim): Promise<void>;
  /** Gives the event back until `at`, Unix milliseconds, where the claim still holds. */
  retryConfirmation(claim: Claim, at: number): Promise<void>;
  /** Counts one more event of the application that nobody confirms; returns how many there are by now in this minute. */
  incrementUnconfirmed(subAppId: number | undefined): Promise<number>;
}

// The update changes nothing; it makes the statement answer the row of the one who came first.
const KEEP = `insert into unconfirmed_events as u
    (event_id, raw, received_at, next_attempt_at, kept_by, sub_app_id, proven)
  select $1, $2::text::jsonb, $3::timestamptz, $4::timestamptz, $5, $6::bigint, $7::text::boolean
  where $8::text::boolean or not exists (select from events where event_id = $1)
  on conflict (event_id) do update set event_id = u.event_id
  returning kept_by`;

const CONFIRMATIONS: JobTable = {
  name: 'unconfirmed_events',
  key: ['event_id'],
  dueAt: 'next_attempt_at',
  lease: 'attempts = attempts + 1, next_attempt_at = $3',
};

const CLAIM = writeClaim(CONFIRMATIONS, 'event_id, sub_app_id, raw, received_at, attempts, proven');

const DROP = `with dropped as (
    delete from unconfirmed_events where ${writeHeld(CONFIRMATIONS)} returning event_id
  )
  delete from dead_items d using dropped where d.kind = 'event' and d.item_id = event_id and d.state = 'failing'`;

const RETRY = `update unconfirmed_events set next_attempt_at = $3 where ${writeHeld(CONFIRMATIONS)}`;

// An instance whose clock is behind counts in the minute of the others.
const COUNT = `insert into unconfirmed_counts as c (sub_app_id, minute, count)
  values ($1::bigint, date_trunc('minute', $2::timestamptz), 1)
  on conflict (sub_app_id) do update set
    minute = greatest(c.minute, excluded.minute),
    count = case when c.minute < excluded.minute then 1 else c.count + 1 end
  returning count`;

/** Returns the part of the ledger that keeps unconfirmed events. */
export function createPendingConfirmationLedger(
  dependencies: LedgerDependencies,
): PendingConfirmationLedger {
  const { connection, now, randomKey } = dependencies;
  const keep = async (event: NewUnconfirmed, again: boolean) => {
    const { eventId, subAppId = null, raw, receivedAt, dueAt = now(), proven = false } = event;
    const keeper = randomKey();
    const parameters = [eventId, writeJson(raw), writeTime(receivedAt), writeTime(dueAt), keeper];
    const marks = [String(proven), String(again)];
    const [row] = await query(connection, KEEP, [...parameters, subAppId, ...marks]);
    return row?.['kept_by'] === keeper;
  };
  return {
    keepPendingConfirmation: (event) => keep(event, false),
    async keepForRetry(event) {
      await keep(event, true);
    },
    async claimConfirmations(count, leaseSeconds) {
      const rows = await claimJobs(dependencies, CLAIM, leaseSeconds, [count]);
      return rows.map((row) => ({
        eventId: String(row['event_id']),
        ...(row['sub_app_id'] === null ? {} : { subAppId: Number(row['sub_app_id']) }),
        // Only objects are kept.
        raw: row['raw'] as JsonObject,
        receivedAt: readTime(row['received_at']),
        attempt: Number(row['attempts']),
        ...(row['proven'] === true ? { proven: true } : {}),
      }));
    },
    async finishConfirmation({ eventId, attempt }) {
      await query(connection, DROP, [eventId, attempt]);
    },
    async retryConfirmation({ eventId, attempt }, at) {
      await query(connection, RETRY, [eventId, attempt, writeTime(at)]);
    },
    async incrementUnconfirmed(subAppId) {
      const [row] = await query(connection, COUNT, [subAppId ?? 0, writeTime(now())]);
      return Number(row?.['count']);
    },
  };
}
