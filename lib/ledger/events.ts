import type { JsonObject } from '../validation/json-object.ts';
import type { Statements } from './connection/transaction.ts';
import { describeRecorded, type Tries } from './describe-recorded.ts';
import { type EventRecord, type RecordedEvent, splitRounds } from './event-record.ts';
import { readCode } from './ledger-error.ts';
import { applyMerged } from './merge-uploads.ts';
import { listTargets } from './outbox.ts';
import { type LedgerDependencies, type Row, writeTime } from './query.ts';
import { type KnownTargets, writeRecordStatement } from './record-statement.ts';
import { type UploadChange, writeChange } from './upload-row.ts';

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
  const list = listTargets(targets ?? []);
  const known = { list, text: targets === undefined ? null : JSON.stringify(list) };
  const record = async (events: readonly EventRecord[], leaseSeconds: number | undefined) => {
    const recorder = { recorder: dependencies.randomKey(), targets: known, leaseSeconds };
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

async function recordRound(
  events: readonly EventRecord[],
  { recorder, targets, leaseSeconds }: Recorder,
  dependencies: LedgerDependencies,
): Promise<readonly RecordedEvent[]> {
  const { now } = dependencies;
  const changes = events.flatMap((event) => event.changes);
  const eventIds = events.flatMap(({ eventId, changes: told }) => told.map(() => eventId));
  const rowsOfEvents = events.map(writeEvent);
  const actions = events.flatMap(writeActionsOf);
  const tries: Tries = { recorder, targets, leaseSeconds, recordedAt: 0, leases: [] };

  const insert = (sql: Statements, settled: readonly UploadChange[]) => {
    tries.recordedAt = now();
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
