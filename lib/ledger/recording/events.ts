import type { Upload } from '../../model/upload.ts';
import type { Statements } from '../connection/transaction.ts';
import { type ClaimedDelivery, readClaimed } from '../deliveries/deliveries.ts';
import { readCode } from '../ledger-error.ts';
import { type LedgerDependencies, query, type Row, writeJson, writeTime } from '../query.ts';
import { applyMerged } from '../uploads/merge-uploads.ts';
import { listTargets, writeTargets } from '../uploads/outbox.ts';
import {
  readKey,
  readUpload,
  stateEventId,
  UPLOAD_COLUMNS,
  type UploadChange,
  writeChange,
} from '../uploads/upload-row.ts';
import { type EventRecord, type RecordedEvent, splitRounds } from './event-record.ts';
import { findOwn } from './lost-answers.ts';
import {
  type KnownTargets,
  writeActionsOf,
  writeEvent,
  writeRecordStatement,
} from './record-statement.ts';

/** Recording of events. */
export interface EventLedger {
  /**
   * Records the event and everything that follows from it in one statement; does nothing if the event is known.
   *
   * @param leaseSeconds how long the new deliveries are claimed for the caller, which makes the first attempts; if missing,
   *   they are due immediately.
   */
  recordEvent(event: EventRecord, leaseSeconds?: number): Promise<RecordedEvent>;
  /** The same for many events of one application, independent of each other; returns the results in their order. */
  recordEvents(
    events: readonly EventRecord[],
    leaseSeconds?: number,
  ): Promise<readonly RecordedEvent[]>;
}

/** Two changes of one batch were about the same upload, which could not be seen before. */
const CARDINALITY_VIOLATION = '21000';

/** Creates the part of the ledger for events. */
export function createEventLedger(dependencies: LedgerDependencies): EventLedger {
  const { targets } = dependencies;
  const list = listTargets(targets ?? []).map((target) => ({
    ...target,
    expression: new RegExp(target.pattern),
  }));
  const known = { list, text: targets === undefined ? null : writeTargets(targets) };
  const record = async (events: readonly EventRecord[], leaseSeconds: number | undefined) => {
    const recorder = { recorder: dependencies.random.key(), targets: known, leaseSeconds };
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
    async recordEvent(event, leaseSeconds) {
      const [result] = await record([event], leaseSeconds);
      if (result === undefined) throw new Error('The event that was recorded has no result.');
      return result;
    },
    async recordEvents(events, leaseSeconds) {
      const results = new Map<EventRecord, RecordedEvent>();
      // A single event may have any depth.
      for (const round of events.length === 1 ? [events] : splitRounds(events)) {
        const recorded = await record(round, leaseSeconds);
        for (const [index, result] of recorded.entries()) {
          const event = round[index];
          if (event !== undefined) results.set(event, result);
        }
      }
      return events.flatMap((event) => results.get(event) ?? []);
    },
  };
}

/** Who records, to whom it is sent, and for how long the deliveries are claimed, if they are. */
interface Recorder {
  readonly recorder: string;
  readonly targets: KnownTargets;
  readonly leaseSeconds: number | undefined;
}

/** The same, and when it was tried. */
interface Tries extends Recorder {
  /** Unix milliseconds of the last try. */
  recordedAt: number;
  /** When the claims of each try end, if deliveries are claimed. */
  readonly leases: string[];
}

async function recordRound(
  events: readonly EventRecord[],
  { recorder, targets, leaseSeconds }: Recorder,
  dependencies: LedgerDependencies,
): Promise<readonly RecordedEvent[]> {
  const { clock } = dependencies;
  const changes = events.flatMap((event) => event.changes);
  const eventIds = events.flatMap(({ eventId, changes: told }) => told.map(() => eventId));
  const rowsOfEvents = events.map(writeEvent);
  const actions = events.flatMap(writeActionsOf);
  const tries: Tries = { recorder, targets, leaseSeconds, recordedAt: 0, leases: [] };

  const insert = (sql: Statements, settled: readonly UploadChange[]) => {
    tries.recordedAt = clock.now();
    const leasedUntil =
      leaseSeconds === undefined ? undefined : writeTime(tries.recordedAt + leaseSeconds * 1_000);
    if (leasedUntil !== undefined) tries.leases.push(leasedUntil);
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
      { time: writeTime(tries.recordedAt), recorder, targets, leasedUntil },
    );
    return sql.unsafe<Row[]>(statement, parameters, { prepare: true });
  };
  const rows = await dependencies.connection
    .run((sql) => insert(sql, changes))
    .catch((error: unknown) => applyMerged(error, dependencies, changes, insert));
  return describeRecorded(events, rows, tries, dependencies);
}

const UPLOADS_OF = `select ${UPLOAD_COLUMNS} from uploads
  where upload_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))
  union select ${UPLOAD_COLUMNS} from uploads
  where file_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))`;

/** Returns the results of recording `events`, for which the statement returned `rows` for the fresh ones. */
async function describeRecorded(
  events: readonly EventRecord[],
  rows: readonly Row[],
  tries: Tries,
  dependencies: LedgerDependencies,
): Promise<readonly RecordedEvent[]> {
  const { connection } = dependencies;
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
    const names = stale
      .flatMap((event) => [event.eventId, ...uploadsOf(event).map(announce)])
      .filter((name) => !own.has(name));
    const found = await findOwn(names, tries, dependencies);
    for (const eventId of found.eventIds) own.add(eventId);
    claims.push(...found.claims);
  }
  return events.map((event) => {
    const { eventId, eventType } = event;
    const reached = uploadsOf(event);
    const fresh = own.has(eventId);
    const news = fresh ? reached.filter((upload) => own.has(announce(upload))) : [];
    const announced = news.map(announce);
    const types = fresh ? [eventType, ...news.map(({ state }) => `upload.${state}` as const)] : [];
    const count = (type: string) => list.filter(({ expression }) => expression.test(type)).length;
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
  { targets, recordedAt, leases }: Tries,
): ClaimedDelivery[] {
  const free = rows.find((row) => row['free'])?.['free'];
  if (!Array.isArray(free)) return [];
  const deliveredAt = new Map<string, unknown>(free);
  const time = writeTime(recordedAt);
  const lease = { due_at: time, leased_until: leases.at(-1) ?? time };
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
      .filter(
        ({ endpoint, expression }) => deliveredAt.has(endpoint) && expression.test(row.event_type),
      )
      .map(({ endpoint }) =>
        readClaimed({
          ...row,
          ...{ endpoint, attempts: 1, enqueued_at: time, delivered_at: deliveredAt.get(endpoint) },
          lease,
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
