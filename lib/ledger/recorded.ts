import type { Connection } from './connection.ts';
import type { EventRecord, RecordedEvent } from './event-record.ts';
import { writeJson } from './json-text.ts';
import type { UploadChange } from './upload-change.ts';
import { readUpload, UPLOAD_COLUMNS, type Upload, type UploadRow } from './upload-row.ts';

const KNOWN = `select event_id as event from events
  where event_id in (select jsonb_array_elements_text($1::text::jsonb)) and recorded_by = $2`;

const UPLOADS_OF = `select ${UPLOAD_COLUMNS} from uploads
  where upload_id in (select jsonb_array_elements_text($1::text::jsonb))
  union select ${UPLOAD_COLUMNS} from uploads
  where file_id in (select jsonb_array_elements_text($1::text::jsonb))`;

/** Answers what recording `events` came to, when the statement answered `rows` for the fresh ones. */
export async function describeRecorded(
  events: readonly EventRecord[],
  rows: readonly UploadRow[],
  recorder: string,
  connection: Connection,
): Promise<readonly RecordedEvent[]> {
  const fresh = new Set(rows.map((row) => row['event']));
  const uploads = indexUploads(rows.filter((row) => row['upload_id'] !== null));

  const stale = events.filter(({ eventId }) => !fresh.has(eventId)).map(({ eventId }) => eventId);
  if (stale.length > 0) {
    // The first try may have taken effect although its answer was lost; then these are its own.
    for (const row of await read(connection, KNOWN, [writeJson(stale), recorder])) {
      fresh.add(row['event']);
    }
  }
  const missing = events
    .flatMap(({ changes }) => changes.map(readKey))
    .filter((key) => !uploads.has(key));
  if (missing.length > 0) {
    const found = indexUploads(await read(connection, UPLOADS_OF, [writeJson(missing)]));
    for (const [key, upload] of found) uploads.set(key, upload);
  }
  return events.map(({ eventId, changes, endpoints }) => ({
    fresh: fresh.has(eventId),
    uploads: changes.flatMap((change) => uploads.get(readKey(change)) ?? []),
    deliveries: fresh.has(eventId) ? endpoints.length : 0,
  }));
}

function readKey({ key }: UploadChange): string {
  return 'uploadId' in key ? key.uploadId : key.fileId;
}

function indexUploads(rows: readonly UploadRow[]): Map<string, Upload> {
  const uploads = rows.map(readUpload);
  return new Map(
    uploads.flatMap((upload) =>
      [upload.uploadId, upload.fileId].flatMap((key) =>
        key === undefined ? [] : [[key, upload] as const],
      ),
    ),
  );
}

function read(connection: Connection, statement: string, parameters: string[]) {
  return connection.run<UploadRow[]>((sql) => sql.unsafe(statement, parameters, { prepare: true }));
}
