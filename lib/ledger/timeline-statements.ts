import { type LedgerDependencies, query, type Row, readTime } from './query.ts';
import type { TimelineAction, TimelineDelivery, TimelineEvent } from './timeline.ts';

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

/** Returns the events of an upload with their deliveries, oldest first. */
export async function listEvents(
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

/** Returns the actions on the media of an upload, oldest first. */
export async function listActions(
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
