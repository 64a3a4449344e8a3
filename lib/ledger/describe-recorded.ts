import type { Upload } from '../model/upload.ts';
import { type ClaimedDelivery, readClaimed, selectClaimed } from './deliveries.ts';
import type { EventRecord, RecordedEvent } from './event-record.ts';
import { type LedgerDependencies, query, type Row, writeJson, writeTime } from './query.ts';
import type { KnownTargets } from './record-statement.ts';
import { readKey, readUpload, stateEventId, UPLOAD_COLUMNS } from './upload-row.ts';

/** Who has recorded events, and how often that was tried. */
export interface Tries {
  readonly recorder: string;
  readonly targets: KnownTargets;
  readonly leaseSeconds: number | undefined;
  /** Unix milliseconds of the last try. */
  recordedAt: number;
  /** When the leases of each try end, if deliveries are claimed. */
  readonly leases: string[];
}

const KNOWN = `select event_id as event from events
  where event_id = any (array(select jsonb_array_elements_text($1::text::jsonb))) and recorded_by = $2`;

const UPLOADS_OF = `select ${UPLOAD_COLUMNS} from uploads
  where upload_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))
  union select ${UPLOAD_COLUMNS} from uploads
  where file_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))`;

// A claim of an earlier try is recognised by the end of its lease. A `case`, since an index of everything that is pending
// would be read instead of that of events.
const CLAIM_OWN = `with own as (
    update deliveries set next_attempt_at = $2::timestamptz
    where event_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))
      and case state when 'pending' then attempts = 1 end
      and next_attempt_at = any (array(select jsonb_array_elements_text($3::text::jsonb)::timestamptz))
    returning event_id, endpoint, attempts, enqueued_at
  )
  ${selectClaimed('own')}`;

/** Returns the results of recording `events`, for which the statement returned `rows` for the fresh ones. */
export async function describeRecorded(
  events: readonly EventRecord[],
  rows: readonly Row[],
  tries: Tries,
  { connection, now }: LedgerDependencies,
): Promise<readonly RecordedEvent[]> {
  const { recorder, leaseSeconds, leases } = tries;
  const { list } = tries.targets;
  const uploads = indexUploads(
    rows.flatMap(({ upload }) => (upload ? [readUpload(Object(upload))] : [])),
  );
  const missing = events
    .flatMap(({ changes }) => changes.map(readKey))
    .filter((key) => !uploads.has(key));
  if (missing.length > 0) {
    const found = await query(connection, UPLOADS_OF, [writeJson(missing)]);
    indexUploads(found.map(readUpload), uploads);
  }
  const uploadsOf = ({ changes }: EventRecord) =>
    changes.flatMap((change) => uploads.get(readKey(change)) ?? []);

  const own = new Set<unknown>();
  for (const { event, announced } of rows) own.add(event).add(announced);
  const claims = readClaims(events, rows, tries);
  const stale = events.filter(({ eventId }) => !own.has(eventId));
  if (stale.length > 0) {
    // The first attempt may have taken effect although its answer was lost; then this recorder wrote these events.
    const names = stale.flatMap((event) => [event.eventId, ...uploadsOf(event).map(announce)]);
    const lost = await query(connection, KNOWN, [writeJson(names), recorder]);
    for (const row of lost) own.add(row['event']);
    if (lost.length > 0 && leaseSeconds !== undefined) {
      const until = writeTime(now() + leaseSeconds * 1_000);
      const ids = writeJson(lost.map((row) => row['event']));
      const found = await query(connection, CLAIM_OWN, [ids, until, writeJson(leases)]);
      claims.push(...found.map(readClaimed));
    }
  }
  return events.map((event) => {
    const { eventId, eventType } = event;
    const reached = uploadsOf(event);
    const fresh = own.has(eventId);
    const news = fresh ? reached.filter((upload) => own.has(announce(upload))) : [];
    const announced = news.map(announce);
    const types = fresh ? [eventType, ...news.map(({ state }) => `upload.${state}` as const)] : [];
    const count = (type: string) => list.filter(({ takes }) => takes(type)).length;
    return {
      ...{ fresh, uploads: reached, announced },
      deliveries: types.reduce((sum, type) => sum + count(type), 0),
      claims: claims.filter(({ eventId: id }) => id === eventId || announced.includes(id)),
    };
  });
}

/** Returns the deliveries that the statement has claimed: of its new events to the endpoints that it found free. */
function readClaims(
  events: readonly EventRecord[],
  rows: readonly Row[],
  { targets, recordedAt }: Tries,
): ClaimedDelivery[] {
  const free = rows.find((row) => row['free'])?.['free'];
  if (!Array.isArray(free)) return [];
  const deliveredAt = new Map<string, unknown>(free);
  const time = writeTime(recordedAt);
  const byId = new Map(events.map((event) => [event.eventId, event]));
  const recorded = rows.flatMap(({ event: eventId, payload, announced, upload }) => {
    const event = byId.get(String(eventId));
    return [
      ...(event && payload ? [{ ...describeEvent(event, recordedAt), payload }] : []),
      ...(announced ? [describeUpload(String(announced), Object(upload), time)] : []),
    ];
  });
  return recorded.flatMap((row) =>
    targets.list
      .filter(({ endpoint, takes }) => deliveredAt.has(endpoint) && takes(row.event_type))
      .map(({ endpoint }) =>
        readClaimed({
          ...row,
          ...{ endpoint, attempts: 1, enqueued_at: time, delivered_at: deliveredAt.get(endpoint) },
        }),
      ),
  );
}

/** Returns the event as a row of `selectClaimed`, except for its content. */
function describeEvent(event: EventRecord, recordedAt: number) {
  const { eventId, eventType, subAppId = null, confirmed, receivedAt = recordedAt } = event;
  return {
    ...{ event_id: eventId, event_type: eventType, sub_app_id: subAppId, confirmed },
    ...{ envelope_removed: true, received_at: writeTime(receivedAt) },
  };
}

function describeUpload(eventId: string, upload: Row, time: string) {
  const eventType = `upload.${upload['state']}`;
  return { event_id: eventId, event_type: eventType, payload: upload, received_at: time };
}

function announce({ uploadId, state }: Upload): string {
  return stateEventId(uploadId, state);
}

function indexUploads(uploads: readonly Upload[], index = new Map<string, Upload>()) {
  for (const upload of uploads) {
    index.set(upload.uploadId, upload);
    if (upload.fileId !== undefined) index.set(upload.fileId, upload);
  }
  return index;
}
