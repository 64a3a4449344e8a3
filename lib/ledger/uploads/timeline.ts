import { type LedgerDependencies, query, type Row, readTime } from '../query.ts';

/** State of a delivery. */
export interface TimelineDelivery {
  readonly endpoint: string;
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly lastError?: string;
  /** Unix milliseconds; only if there will be another attempt. */
  readonly nextAttemptAt?: number;
  /** Unix milliseconds. */
  readonly updatedAt: number;
}

/** An event of an upload, and its deliveries. */
export interface TimelineEvent {
  readonly eventId: string;
  readonly eventType: string;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  readonly confirmed: boolean;
  readonly deliveries: readonly TimelineDelivery[];
}

/** An action on the media of an upload, done or pending. */
export interface TimelineAction {
  readonly fileId: string;
  readonly kind: string;
  readonly state: 'pending' | 'done' | 'dead';
  readonly attempts: number;
  readonly lastError?: string;
  /** Names of the rules that require it; missing if none does. */
  readonly rules?: readonly string[];
  /** Unix milliseconds. */
  readonly updatedAt: number;
}

/** What happened to one upload. */
export interface TimelineLedger {
  /** Oldest first; if there are more than a thousand, only the oldest. */
  listEvents(uploadId: string): Promise<readonly TimelineEvent[]>;
  /** Oldest first. */
  listActions(uploadId: string): Promise<readonly TimelineAction[]>;
}

/** Most events that are returned. */
const LONGEST = 1_000;

/** The events of upload `$1` and of its file that are not pruned: most events of VOD name only the file. */
export const EVENTS_OF_UPLOAD = `select event_id, event_type, received_at, confirmed from events
  where not pruned and coalesce(file_id, upload_id) = any (array[$1::text, (select file_id from uploads where upload_id = $1)])`;

const EVENTS = `with found as materialized (
    ${EVENTS_OF_UPLOAD} order by received_at, event_id limit ${LONGEST}
  )
  select f.*, d.endpoint, d.state, d.attempts, d.last_error, d.next_attempt_at, d.updated_at
  from found f
    left join (select * from deliveries where event_id = any (array(select event_id from found))) d using (event_id)
  order by received_at, event_id, endpoint`;

const ACTIONS = `select file_id, kind, state, attempts, last_error, detail -> 'rules' as rules, updated_at from media_actions
  where ctid = any (array(
    select ctid from media_actions where upload_id = $1
    union all select ctid from media_actions where file_id = (select file_id from uploads where upload_id = $1)
  ))
  order by created_at, file_id, kind limit ${LONGEST}`;

/** Creates the part of the ledger that reads the history of an upload. */
export function createTimelineLedger(dependencies: LedgerDependencies): TimelineLedger {
  return {
    listEvents: (uploadId) => listEvents(uploadId, dependencies),
    listActions: (uploadId) => listActions(uploadId, dependencies),
  };
}

async function listEvents(
  uploadId: string,
  { connection }: LedgerDependencies,
): Promise<readonly TimelineEvent[]> {
  const events = new Map<unknown, TimelineEvent & { deliveries: TimelineDelivery[] }>();
  for (const row of await query(connection, EVENTS, [uploadId])) {
    const event = events.get(row['event_id']) ?? { ...readEvent(row), deliveries: [] };
    if (row['endpoint'] !== null) event.deliveries.push(readDelivery(row));
    events.set(row['event_id'], event);
  }
  return [...events.values()];
}

async function listActions(
  uploadId: string,
  { connection }: LedgerDependencies,
): Promise<readonly TimelineAction[]> {
  return (await query(connection, ACTIONS, [uploadId])).map((row) => ({
    fileId: String(row['file_id']),
    kind: String(row['kind']),
    ...readProgress(row),
    // A constraint of the table allows only these values.
    state: row['state'] as TimelineAction['state'],
    ...(Array.isArray(row['rules']) ? { rules: row['rules'].map(String) } : {}),
  }));
}

function readEvent(row: Row) {
  return {
    eventId: String(row['event_id']),
    eventType: String(row['event_type']),
    receivedAt: readTime(row['received_at']),
    confirmed: row['confirmed'] === true,
  };
}

function readDelivery(row: Row): TimelineDelivery {
  return {
    endpoint: String(row['endpoint']),
    ...readProgress(row),
    // Only these values are written.
    state: row['state'] as TimelineDelivery['state'],
    ...(row['state'] === 'pending' ? { nextAttemptAt: readTime(row['next_attempt_at']) } : {}),
  };
}

function readProgress(row: Row) {
  const { last_error: lastError } = row;
  return {
    attempts: Number(row['attempts']),
    ...(typeof lastError === 'string' ? { lastError } : {}),
    updatedAt: readTime(row['updated_at']),
  };
}
