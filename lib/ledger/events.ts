import type { JsonObject } from '../validation/json-object.ts';
import type { LedgerDependencies } from './dependencies.ts';
import type { EventRecord, RecordedEvent } from './event-record.ts';
import { writeTargets } from './fan-out.ts';
import { writeJson } from './json-text.ts';
import { readCode } from './ledger-error.ts';
import { applyMerging } from './merge-uploads.ts';
import type { Row } from './query.ts';
import { writeRecordStatement } from './record-statement.ts';
import { describeRecorded } from './recorded.ts';
import { splitRounds } from './rounds.ts';
import type { Statements } from './transaction.ts';
import { type UploadChange, writeChange } from './upload-change.ts';
import { writeTime } from './upload-row.ts';

/** What the ledger knows of events. */
export interface EventLedger {
  /** Keeps the event, applies its changes and makes all that follows: all of it, or, where it is known, nothing. */
  recordEvent(event: EventRecord): Promise<RecordedEvent>;
  /** The same for many of one application, each by itself; returns in their order. */
  recordEvents(events: readonly EventRecord[]): Promise<readonly RecordedEvent[]>;
}

/** Two changes of one batch met in one upload, though nothing in them told. */
const CARDINALITY_VIOLATION = '21000';

/** Returns the part of the ledger that knows events. */
export function createEventLedger(dependencies: LedgerDependencies): EventLedger {
  const record = async (events: readonly EventRecord[]) => {
    const recorder = dependencies.randomKey();
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
      for (const round of splitRounds(events)) {
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

async function recordRound(
  events: readonly EventRecord[],
  recorder: string,
  dependencies: LedgerDependencies,
): Promise<readonly RecordedEvent[]> {
  const { now, targets } = dependencies;
  const changes = events.flatMap((event) => event.changes);
  const eventIds = events.flatMap(({ eventId, changes: told }) => told.map(() => eventId));
  const known = targets === undefined ? null : writeTargets(targets);
  const eventRows = writeJson(events.map(writeEvent));
  const actions = events.flatMap(writeActionsOf);
  const actionRows = actions.length > 0 ? [writeJson(actions)] : [];

  const insert = (sql: Statements, settled: readonly UploadChange[]) => {
    const changeRows = settled.map((each, i) => ({ ...writeChange(each), event_id: eventIds[i] }));
    return sql.unsafe<Row[]>(
      writeRecordStatement(settled, actions.length > 0),
      [...[writeJson(changeRows), writeTime(now()), recorder, known], eventRows, ...actionRows],
      { prepare: true },
    );
  };
  const rows = await applyMerging(dependencies, changes, insert);
  return describeRecorded(events, rows, recorder, dependencies);
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
