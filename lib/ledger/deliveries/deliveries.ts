import type { EventType } from '../../model/message-type.ts';
import type { Upload } from '../../model/upload.ts';
import type { JsonObject } from '../../validation/json-object.ts';
import {
  claimJobs,
  type JobFailure,
  type JobLease,
  releaseJobs,
  selectLight,
  settleJob,
  type TrackedJobTable,
  writeHeld,
  writeJobLease,
  writeLease,
  writeSettlement,
} from '../jobs/jobs.ts';
import type { LedgerDependencies } from '../query.ts';
import { cleanText, hasRows, query, type Row, readTime, writeLimit, writeTime } from '../query.ts';
import { writeFanOut, writeTargets } from '../uploads/outbox.ts';
import { readUpload } from '../uploads/upload-row.ts';
import { writePausedCare } from './endpoints.ts';

/** Content of a message: a new state of an upload, with everything known about the upload then, or an event of VOD. */
export type LedgerEvent = {
  readonly eventId: string;
  readonly eventType: EventType;
  /** When the event was received, in Unix milliseconds. */
  readonly receivedAt: number;
} & (
  | { readonly kind: 'upload'; readonly upload: Upload }
  | {
      readonly kind: 'vod';
      readonly payload: JsonObject;
      /** Application of VOD that reported it; missing if the configuration names none. */
      readonly subAppId?: number;
      /** Set if VOD could not be asked about it. */
      readonly unconfirmed?: true;
      /** Set if it was recorded with its envelope, which was done before envelopes had a MAC. */
      readonly hasEnvelope?: true;
    }
);

/** A delivery that is claimed until its lease expires. */
export interface ClaimedDelivery {
  readonly eventId: string;
  readonly endpoint: string;
  /** Counts from 1, and identifies this claim among all claims of the same delivery. */
  readonly attempt: number;
  /** When it was enqueued, in Unix milliseconds; a replay enqueues it again. */
  readonly enqueuedAt: number;
  /** When the endpoint last accepted a message, to within about a second, or was resumed, in Unix milliseconds. */
  readonly endpointDeliveredAt?: number;
  readonly event: LedgerEvent;
  /** Bytes of the event on disk; 0 if it was claimed as it was recorded. */
  readonly size: number;
  /** What a release of the claim needs. */
  readonly lease: JobLease;
}

type Claim = Pick<ClaimedDelivery, 'eventId' | 'endpoint' | 'attempt'>;

/** Pending deliveries. Methods that end a claim return whether it was still valid. */
export interface DeliveryLedger {
  /**
   * Claims up to `count` deliveries, fewer of large events, and returns them, longest due first within an endpoint and at most `maxPerEndpoint`
   * for each. The endpoints take turns, so that a long queue for one does not delay the others. Endpoints in `except`
   * are left out.
   *
   * Deliveries to a paused endpoint become dead at an age of three days.
   */
  claimDeliveries(
    count: number,
    leaseSeconds: number,
    maxPerEndpoint: number,
    except?: readonly string[],
  ): Promise<readonly ClaimedDelivery[]>;
  finishDelivery(claim: Claim): Promise<boolean>;
  failDelivery(claim: Claim, failure: JobFailure): Promise<boolean>;
  /** Releases deliveries that were not attempted: they are due as before, and nothing is counted. */
  releaseDeliveries(claims: readonly (Claim & Pick<ClaimedDelivery, 'lease'>)[]): Promise<void>;
  /**
   * Pauses the endpoint of a delivery that failed: it is sent nothing until an operator resumes it. The delivery
   * becomes dead, or waits with the others. Returns whether the endpoint was not paused before.
   */
  pauseEndpoint(
    claim: Claim,
    failure: { readonly error: string; readonly dead: boolean },
  ): Promise<boolean>;
  /**
   * Enqueues the deliveries of up to `count` events that were recorded without knowing the targets, oldest first;
   * returns the number of events. Does nothing in a ledger that does not know the targets either.
   */
  fanOut(count: number): Promise<number>;
}

const DELIVERIES: TrackedJobTable = {
  name: 'deliveries',
  key: ['event_id', 'endpoint'],
  condition: "state = 'pending'",
  dueAt: 'next_attempt_at',
  lease: 'attempts = attempts + 1, next_attempt_at = $2, updated_at = $1::timestamptz',
};

/** The columns of an event that a message is made from, and how a row of them is read. */
export const EVENT_ROW = {
  columns: 'event_id, event_type, payload, sub_app_id, confirmed, envelope_removed, received_at',
  read: readEvent,
} as const;

/**
 * Returns the query of the claims in `claimed`, a part of its `with`, as {@link readClaimed} reads them; their leases end at
 * `$2`.
 */
export function selectClaimed(claimed: string, size = '0'): string {
  return `select ${EVENT_ROW.columns}, endpoint, attempts, enqueued_at, greatest(delivered_at, resumed_at) as delivered_at,
    ${size} as size, ${writeJobLease('$2::timestamptz')} from ${claimed} join events using (event_id) left join endpoints using (endpoint)`;
}

// Steps from endpoint to endpoint through the index, without reading all deliveries that wait for each.
function writeFairClaim(count: number, maxPerEndpoint: number): string {
  return `with recursive waiting as (
    select min(endpoint) as endpoint from deliveries where state = 'pending'
    union all
    select (select min(d.endpoint) from deliveries d where d.state = 'pending' and d.endpoint > w.endpoint)
    from waiting w where w.endpoint is not null
  ),
  due as (
    select d.event_id, d.endpoint, d.next_attempt_at from waiting w cross join lateral (
      select event_id, endpoint, next_attempt_at from deliveries
      where state = 'pending' and endpoint = w.endpoint and next_attempt_at <= $1::timestamptz
      order by next_attempt_at ${writeLimit(maxPerEndpoint)} for update skip locked
    ) d
    where not exists (select from endpoints e where e.endpoint = w.endpoint and e.disabled_at is not null)
      and w.endpoint not in (select jsonb_array_elements_text($3::text::jsonb))
  ),
  turns as (
    select event_id, endpoint, next_attempt_at,
      row_number() over (partition by endpoint order by next_attempt_at, event_id) as turn
    from due
  ),
  first as (
    select event_id as due_event_id, endpoint as due_endpoint, next_attempt_at as due_at, turn,
      (select pg_column_size(payload) from events e where e.event_id = turns.event_id) as size
    from turns order by turn, next_attempt_at, endpoint ${writeLimit(count)}
  ),
  chosen as (${selectLight('first', 'turn, due_at, due_endpoint')}),
  claimed as (${writeLease(DELIVERIES, 'chosen', 'event_id, endpoint, attempts, enqueued_at, due_at, turn, size')}),
  ${writePausedCare('e.disabled_at is not null', '$1::timestamptz')}
  ${selectClaimed('claimed', 'size')} order by turn, endpoint`;
}

const FAILED = writeSettlement(DELIVERIES);

// The time is written at most once a second, since otherwise concurrent deliveries to one endpoint would wait for each
// other.
const DONE = `with settled as (${FAILED}),
  taken as (
    insert into endpoints as e (endpoint, delivered_at) select endpoint, $7::timestamptz from settled
    where not exists (
      select from endpoints where endpoint = $2 and delivered_at > $7::timestamptz - interval '1 second'
    )
    on conflict (endpoint) do update set delivered_at = greatest(e.delivered_at, excluded.delivered_at)
  )
  select event_id from settled`;

const PAUSED = `with settled as (
    update deliveries
    set state = $4, next_attempt_at = enqueued_at, last_error = $5, updated_at = $6::timestamptz
    where ${writeHeld(DELIVERIES)} and state in ('pending', $4)
    returning endpoint
  )
  insert into endpoints as e (endpoint, disabled_at, paused_reason) select endpoint, $6::timestamptz, $5 from settled
  on conflict (endpoint) do update set disabled_at = excluded.disabled_at, paused_reason = excluded.paused_reason
  where e.disabled_at is null
  returning endpoint`;

/** Creates the part of the ledger for deliveries. */
export function createDeliveryLedger(dependencies: LedgerDependencies): DeliveryLedger {
  const { connection, clock, targets } = dependencies;
  return {
    async claimDeliveries(count, leaseSeconds, maxPerEndpoint, except = []) {
      const claim = writeFairClaim(count, maxPerEndpoint);
      const others = [JSON.stringify(except)];
      return (await claimJobs(dependencies, claim, leaseSeconds, others)).map(readClaimed);
    },
    finishDelivery({ eventId, endpoint, attempt }) {
      return settleJob(dependencies, DONE, [eventId, endpoint, attempt], 'delivered');
    },
    failDelivery({ eventId, endpoint, attempt }, failure) {
      return settleJob(dependencies, FAILED, [eventId, endpoint, attempt], failure);
    },
    releaseDeliveries(claims) {
      const rows = claims.map(({ eventId, endpoint, attempt, lease }) => ({
        ...{ event_id: eventId, endpoint, attempts: attempt, ...lease },
      }));
      return releaseJobs(dependencies, DELIVERIES, rows);
    },
    pauseEndpoint({ eventId, endpoint, attempt }, { error, dead }) {
      const state = dead ? 'dead' : 'pending';
      const parameters = [
        eventId,
        endpoint,
        attempt,
        state,
        cleanText(error),
        writeTime(clock.now()),
      ];
      return hasRows(connection, PAUSED, parameters);
    },
    async fanOut(count) {
      if (targets === undefined) return 0;
      const parameters = [writeTime(clock.now()), writeTargets(targets)];
      const [row] = await query(connection, writeFanOut(count), parameters);
      return Number(row?.['count'] ?? 0);
    },
  };
}

/** Returns the claim in a row of {@link selectClaimed}. */
export function readClaimed(row: Row): ClaimedDelivery {
  const deliveredAt = readTime(row['delivered_at']);
  return {
    eventId: String(row['event_id']),
    endpoint: String(row['endpoint']),
    attempt: Number(row['attempts']),
    enqueuedAt: readTime(row['enqueued_at']),
    ...(Number.isNaN(deliveredAt) ? {} : { endpointDeliveredAt: deliveredAt }),
    event: readEvent(row),
    size: Number(row['size'] ?? 0),
    // Made by the statement.
    lease: row['lease'] as JobLease,
  };
}

function readEvent(row: Row): LedgerEvent {
  const told = {
    eventId: String(row['event_id']),
    // Only such types are recorded.
    eventType: row['event_type'] as EventType,
    receivedAt: readTime(row['received_at']),
  };
  // Only objects are recorded.
  const payload = row['payload'] as JsonObject;
  if (told.eventType.startsWith('upload.')) {
    return { ...told, kind: 'upload', upload: readUpload(payload) };
  }
  const subAppId = row['sub_app_id'];
  return {
    ...told,
    kind: 'vod',
    payload,
    ...(subAppId === null ? {} : { subAppId: Number(subAppId) }),
    ...(row['confirmed'] ? {} : { unconfirmed: true }),
    ...(row['envelope_removed'] ? {} : { hasEnvelope: true }),
  };
}
