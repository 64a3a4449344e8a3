import { selectTargets } from '../model/event-type.ts';
import type { Upload } from '../model/upload.ts';
import type { LedgerDependencies } from './dependencies.ts';
import type { EventRecord, RecordedEvent } from './event-record.ts';
import { writeJson } from './json-text.ts';
import { stateEventId } from './outbox.ts';
import { query, type Row } from './query.ts';
import { readKey } from './upload-change.ts';
import { readUpload, UPLOAD_COLUMNS } from './upload-row.ts';

const KNOWN = `select event_id as event from events
  where event_id in (select jsonb_array_elements_text($1::text::jsonb)) and recorded_by = $2`;

const UPLOADS_OF = `select ${UPLOAD_COLUMNS} from uploads
  where upload_id in (select jsonb_array_elements_text($1::text::jsonb))
  union select ${UPLOAD_COLUMNS} from uploads
  where file_id in (select jsonb_array_elements_text($1::text::jsonb))`;

/** Returns what recording `events` came to, when the statement answered `rows` for the fresh ones. */
export async function describeRecorded(
  events: readonly EventRecord[],
  rows: readonly Row[],
  recorder: string,
  { connection, targets = [] }: LedgerDependencies,
): Promise<readonly RecordedEvent[]> {
  const uploads = indexUploads(rows.filter((row) => row['upload_id'] !== null));
  const missing = events
    .flatMap(({ changes }) => changes.map(readKey))
    .filter((key) => !uploads.has(key));
  if (missing.length > 0) {
    const found = indexUploads(await query(connection, UPLOADS_OF, [writeJson(missing)]));
    for (const [key, upload] of found) uploads.set(key, upload);
  }
  const uploadsOf = ({ changes }: EventRecord) =>
    changes.flatMap((change) => uploads.get(readKey(change)) ?? []);

  const own = new Set(rows.flatMap((row) => [row['event'], row['announced']]));
  const stale = events.filter(({ eventId }) => !own.has(eventId));
  if (stale.length > 0) {
    // The first try may have taken effect although its answer was lost; then these are its own.
    const names = stale.flatMap((event) => [event.eventId, ...uploadsOf(event).map(announce)]);
    for (const row of await query(connection, KNOWN, [writeJson(names), recorder])) {
      own.add(row['event']);
    }
  }
  return events.map((event) => {
    const { eventId, eventType } = event;
    const reached = uploadsOf(event);
    const fresh = own.has(eventId);
    const news = fresh ? reached.filter((upload) => own.has(announce(upload))) : [];
    const types = [
      ...(fresh ? [eventType] : []),
      ...news.map(({ state }) => `upload.${state}` as const),
    ];
    return {
      fresh,
      uploads: reached,
      announced: news.map(announce),
      deliveries: types.reduce((sum, type) => sum + selectTargets(targets, type).length, 0),
    };
  });
}

function announce({ uploadId, state }: Upload): string {
  return stateEventId(uploadId, state);
}

function indexUploads(rows: readonly Row[]): Map<string, Upload> {
  const uploads = rows.map(readUpload);
  return new Map(
    uploads.flatMap((upload) =>
      [upload.uploadId, upload.fileId].flatMap((key) =>
        key === undefined ? [] : [[key, upload] as const],
      ),
    ),
  );
}
