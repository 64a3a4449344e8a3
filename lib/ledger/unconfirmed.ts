import { ask } from './ask.ts';
import type { LedgerDependencies } from './dependencies.ts';
import { type JsonObject, writeJson } from './json-text.ts';
import { readTime, writeTime } from './upload-row.ts';

/** An event that VOD could not be asked about when it came. */
interface UnconfirmedEvent {
  readonly eventId: string;
  /** Application of VOD that told it; missing where the configuration names none. */
  readonly subAppId?: number | undefined;
  /** What VOD is to be asked about, as a notification tells it. */
  readonly raw: JsonObject;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** An event that is to be kept. */
interface NewUnconfirmed extends UnconfirmedEvent {
  /** Unix milliseconds at which VOD is to be asked first; now where it is missing. */
  readonly dueAt?: number;
}

/** An unconfirmed event whose turn it is, for as long as its lease lasts. */
export interface ClaimedUnconfirmed extends UnconfirmedEvent {
  /** Counts from 1, and tells this claim from every other one of the same event. */
  readonly attempt: number;
}

type Claim = Pick<ClaimedUnconfirmed, 'eventId' | 'attempt'>;

/** Events that nobody has confirmed yet, and that so have changed nothing. */
export interface UnconfirmedLedger {
  /** Keeps the event until somebody drops it; answers false where it is kept, or recorded, already. */
  keepUnconfirmed(event: NewUnconfirmed): Promise<boolean>;
  /** Answers up to `count` events, longest due first; each is nobody else's until its lease runs out. */
  claimUnconfirmed(count: number, leaseSeconds: number): Promise<readonly ClaimedUnconfirmed[]>;
  /** Forgets the event, where the claim still holds. */
  dropUnconfirmed(claim: Claim): Promise<void>;
  /** Gives the event back until `at`, Unix milliseconds, where the claim still holds. */
  retryUnconfirmed(claim: Claim, at: number): Promise<void>;
}

// The update changes nothing; it makes the statement answer the row of whoever came first.
const KEEP = `insert into unconfirmed_events as u (event_id, raw, received_at, next_attempt_at, kept_by, sub_app_id)
  select $1, $2::text::jsonb, $3::timestamptz, $4::timestamptz, $5, $6::bigint
  where not exists (select from events where event_id = $1)
  on conflict (event_id) do update set event_id = u.event_id
  returning kept_by`;

const CLAIM = `with due as (
    select event_id from unconfirmed_events where next_attempt_at <= $1::timestamptz
    order by next_attempt_at limit $2 for update skip locked
  )
  update unconfirmed_events u set attempts = attempts + 1, next_attempt_at = $3
  from due where u.event_id = due.event_id
  returning u.event_id, sub_app_id, raw, received_at, attempts`;

const DROP = 'delete from unconfirmed_events where event_id = $1 and attempts = $2';

const RETRY = `update unconfirmed_events set next_attempt_at = $3
  where event_id = $1 and attempts = $2`;

/** Answers the part of the ledger that keeps unconfirmed events. */
export function createUnconfirmedLedger(dependencies: LedgerDependencies): UnconfirmedLedger {
  const { connection, now, randomKey } = dependencies;
  return {
    async keepUnconfirmed({ eventId, subAppId = null, raw, receivedAt, dueAt = now() }) {
      const keeper = randomKey();
      const parameters = [eventId, writeJson(raw), writeTime(receivedAt), writeTime(dueAt), keeper];
      const [row] = await ask(connection, KEEP, [...parameters, subAppId]);
      return row?.['kept_by'] === keeper;
    },
    async claimUnconfirmed(count, leaseSeconds) {
      const at = now();
      const until = writeTime(at + leaseSeconds * 1_000);
      const rows = await ask(connection, CLAIM, [writeTime(at), count, until]);
      return rows.map((row) => ({
        eventId: String(row['event_id']),
        ...(row['sub_app_id'] === null ? {} : { subAppId: Number(row['sub_app_id']) }),
        // Only objects are kept.
        raw: row['raw'] as JsonObject,
        receivedAt: readTime(row['received_at']),
        attempt: Number(row['attempts']),
      }));
    },
    async dropUnconfirmed({ eventId, attempt }) {
      await ask(connection, DROP, [eventId, attempt]);
    },
    async retryUnconfirmed({ eventId, attempt }, at) {
      await ask(connection, RETRY, [eventId, attempt, writeTime(at)]);
    },
  };
}
