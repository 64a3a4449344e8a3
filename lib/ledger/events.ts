import type { Upload } from '../model/upload.ts';
import type { JsonObject } from '../validation/json-object.ts';
import type { Statements } from './connection/transaction.ts';
import { type EventRecord, type RecordedEvent, splitRounds } from './event-record.ts';
import { readCode } from './ledger-error.ts';
import { applyMerged } from './merge-uploads.ts';
import { listTargets } from './outbox.ts';
import { type LedgerDependencies, query, type Row, writeJson, writeTime } from './query.ts';
import { writeRecordStatement } from './record-statement.ts';
import {
  readKey,
  readUpload,
  stateEventId,
  UPLOAD_COLUMNS,
  type UploadChange,
  writeChange,
} from './upload-row.ts';

/** Recording of events. */
export interface EventLedger {
  /** Records the event and everything that follows from it in one statement; does nothing if the event is known. */
  recordEvent(event: EventRecord): Promise<RecordedEvent>;
  /** The same for many events of one application, independent of each other; returns the results in their order. */
  recordEvents(events: readonly EventRecord[]): Promise<readonly RecordedEvent[]>;
}

/** Two changes of one batch were about the same upload, which could not be seen before. */
const CARDINALITY_VIOLATION = '21000';

/** Creates the part of the ledger for events. */
export function createEventLedger(dependencies: LedgerDependencies): EventLedger {
  const { targets } = dependencies;
  const known = listTargets(targets ?? []);
  const addressed = {
    targets: targets === undefined ? null : JSON.stringify(known),
    patterns: known.map(({ pattern }) => new RegExp(pattern)),
  };
  const record = async (events: readonly EventRecord[]) => {
    const recorder = { recorder: dependencies.randomKey(), ...addressed };
    try {
      return await recordRound(events, recorder, dependencies);
    } catch (error) {
      if (events.length === 1 || readCode(error) !== CARDINALITY_VIOLATION) throw error;
    }
    const results: RecordedEvent[] = [];
    for (const event of events) {
      results.push(...(await recordRound([event], recorder, dependencies)));
    }
    return results;
  };
  return {
    async recordEvent(event) {
      const [result] = await record([event]);
      if (result === undefined) throw new Error('The event that was recorded has no result.');
      return result;
    },
    async recordEvents(events) {
      const results = new Map<EventRecord, RecordedEvent>();
      // A single event may have any depth.
      for (const round of events.length === 1 ? [events] : splitRounds(events)) {
        const recorded = await record(round);
        for (const [index, result] of recorded.entries()) {
          const event = round[index];
          if (event !== undefined) results.set(event, result);
        }
      }
      return events.flatMap((event) => results.get(event) ?? []);
    },
  };
}

/** Who records, and the targets in the form of {@link writeTargets}, if they are known. */
interface Recorder {
  readonly recorder: string;
  readonly targets: string | null;
  /** Of the types of messages, one for each target. */
  readonly patterns: readonly RegExp[];
}

async function recordRound(
  events: readonly EventRecord[],
  own: Recorder,
  dependencies: LedgerDependencies,
): Promise<readonly RecordedEvent[]> {
  const { now } = dependencies;
  const { recorder, targets } = own;
  const changes = events.flatMap((event) => event.changes);
  const eventIds = events.flatMap(({ eventId, changes: told }) => told.map(() => eventId));
  const rowsOfEvents = events.map(writeEvent);
  const actions = events.flatMap(writeActionsOf);

  const insert = (sql: Statements, settled: readonly UploadChange[]) => {
    const [statement, parameters] = writeRecordStatement(
      {
        events: rowsOfEvents,
        changes: settled.map((each, i) => ({ ...writeChange(each), event_id: eventIds[i] })),
        actions,
        kinds: {
          byUpload: settled.some(({ key }) => 'uploadId' in key),
          byFile: settled.some(({ key }) => 'fileId' in key),
          ofTenant: settled.some((change) => change.ofTenant),
        },
      },
      { time: writeTime(now()), recorder, targets },
    );
    return sql.unsafe<Row[]>(statement, parameters, { prepare: true });
  };
  const rows = await dependencies.connection
    .run((sql) => insert(sql, changes))
    .catch((error: unknown) => applyMerged(error, dependencies, changes, insert));
  return describeRecorded(events, rows, own, dependencies);
}

function writeEvent(event: EventRecord): JsonObject {
  const { eventId, eventType, subAppId, uploadId, fileId, taskId, payload } = event;
  const { confirmed, receivedAt } = event;
  return {
    event_id: eventId,
    event_type: eventType,
    sub_app_id: subAppId,
    upload_id: uploadId,
    file_id: fileId,
    task_id: taskId,
    payload,
    confirmed,
    received_at: receivedAt === undefined ? undefined : writeTime(receivedAt),
  };
}

function writeActionsOf({ eventId, subAppId, actions = [] }: EventRecord): readonly JsonObject[] {
  return actions.map(({ fileId, kind, uploadId, detail }) => ({
    event_id: eventId,
    file_id: fileId,
    kind,
    sub_app_id: subAppId,
    upload_id: uploadId,
    detail,
  }));
}

const KNOWN = `select event_id as event from events
  where event_id = any (array(select jsonb_array_elements_text($1::text::jsonb))) and recorded_by = $2`;

const UPLOADS_OF = `select ${UPLOAD_COLUMNS} from uploads
  where upload_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))
  union select ${UPLOAD_COLUMNS} from uploads
  where file_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))`;

/** Returns the results of recording `events`, for which the statement returned `rows` for the fresh ones. */
async function describeRecorded(
  events: readonly EventRecord[],
  rows: readonly Row[],
  { recorder, patterns }: Recorder,
  { connection }: LedgerDependencies,
): Promise<readonly RecordedEvent[]> {
  const changed = rows.flatMap(({ upload }) => (upload ? [readUpload(Object(upload))] : []));
  const uploads = indexUploads(changed);
  const missing = events
    .flatMap(({ changes }) => changes.map(readKey))
    .filter((key) => !uploads.has(key));
  if (missing.length > 0) {
    const found = await query(connection, UPLOADS_OF, [writeJson(missing)]);
    for (const [key, upload] of indexUploads(found.map(readUpload))) uploads.set(key, upload);
  }
  const uploadsOf = ({ changes }: EventRecord) =>
    changes.flatMap((change) => uploads.get(readKey(change)) ?? []);

  const own = new Set(rows.flatMap((row) => [row['event'], row['announced']]));
  const stale = events.filter(({ eventId }) => !own.has(eventId));
  if (stale.length > 0) {
    // The first attempt may have taken effect although its answer was lost; then this recorder wrote these events.
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
      deliveries: types.flatMap((type) => patterns.filter((each) => each.test(type))).length,
    };
  });
}

function announce({ uploadId, state }: Upload): string {
  return stateEventId(uploadId, state);
}

function indexUploads(uploads: readonly Upload[]): Map<string, Upload> {
  return new Map(
    uploads.flatMap((upload) =>
      [upload.uploadId, upload.fileId].flatMap((key) =>
        key === undefined ? [] : [[key, upload] as const],
      ),
    ),
  );
}
