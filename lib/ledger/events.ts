import { type Connection, readCode, type Statements } from './connection.ts';
import type { EventRecord, RecordedEvent } from './event-record.ts';
import { type JsonObject, writeJson } from './json-text.ts';
import { applyMerging } from './merge-file.ts';
import { describeRecorded } from './recorded.ts';
import { splitRounds } from './rounds.ts';
import {
  CHANGE_COLUMNS,
  type ChangeKinds,
  type UploadChange,
  writeChange,
  writeUpserts,
} from './upload-change.ts';
import { type UploadRow, writeTime } from './upload-row.ts';

/** What the ledger knows of events. */
export interface EventLedger {
  /** Keeps the event, applies its changes and enqueues its deliveries: all of it, or, where it is known, nothing. */
  recordEvent(event: EventRecord): Promise<RecordedEvent>;
  /** The same for many, each by itself; answers in their order. */
  recordEvents(events: readonly EventRecord[]): Promise<readonly RecordedEvent[]>;
}

/** What recording takes from outside. */
export interface RecordDependencies {
  readonly connection: Connection;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A random text, other every time. */
  readonly randomKey: () => string;
}

const INSERT_EVENTS = `insert into events
    (event_id, event_type, upload_id, file_id, task_id, payload, confirmed, received_at, recorded_by)
    select event_id, event_type, upload_id, file_id, task_id, payload, confirmed, $2::timestamptz, $3
    from jsonb_to_recordset($1::text::jsonb) as e(
      event_id text, event_type text, upload_id text, file_id text, task_id text, payload jsonb, confirmed boolean
    )
    order by event_id
    on conflict (event_id) do nothing
    returning event_id`;

const INSERT_DELIVERIES = `insert into deliveries
    (event_id, endpoint, next_attempt_at, enqueued_at, updated_at)
    select event_id, endpoint, $2::timestamptz, $2::timestamptz, $2::timestamptz
    from jsonb_to_recordset($5::text::jsonb) as d(event_id text, endpoint text)
    join event using (event_id)`;

/** Answers the statement that records events with changes of these kinds; all statements have the same parameters. */
function writeStatement(kinds: ChangeKinds): string {
  const changes = `change as (
    select c.* from jsonb_to_recordset($4::text::jsonb) as c(event_id text, ${CHANGE_COLUMNS})
    join event using (event_id)
  )`;
  const parts = [
    `event as (${INSERT_EVENTS})`,
    `delivery as (${INSERT_DELIVERIES})`,
    changes,
    writeUpserts(kinds),
  ];
  return `with ${parts.join(',\n  ')}
    select event.event_id as event, changed.*
    from event left join change using (event_id) left join changed using (key)`;
}

const RECORD = {
  neither: `with event as (${INSERT_EVENTS}), delivery as (${INSERT_DELIVERIES})
    select event_id as event, null as upload_id from event where $4::text is not null`,
  both: writeStatement({ byUpload: true, byFile: true }),
  byUpload: writeStatement({ byUpload: true, byFile: false }),
  byFile: writeStatement({ byUpload: false, byFile: true }),
};

function chooseStatement(changes: readonly UploadChange[]): string {
  if (changes.length === 0) return RECORD.neither;
  const kinds = new Set(changes.map(({ key }) => 'uploadId' in key));
  if (kinds.size === 2) return RECORD.both;
  return kinds.has(false) ? RECORD.byFile : RECORD.byUpload;
}

/** Two changes of one batch met in one upload, though nothing in them told. */
const MET = '21000';

/** Answers the part of the ledger that knows events. */
export function createEventLedger(dependencies: RecordDependencies): EventLedger {
  const record = async (events: readonly EventRecord[]) => {
    const recorder = dependencies.randomKey();
    try {
      return await recordRound(events, recorder, dependencies);
    } catch (error) {
      if (events.length === 1 || readCode(error) !== MET) throw error;
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
  { connection, now }: RecordDependencies,
): Promise<readonly RecordedEvent[]> {
  const changes = events.flatMap((event) => event.changes);
  const eventIds = events.flatMap(({ eventId, changes: told }) => told.map(() => eventId));
  const eventRows = writeJson(events.map(writeEvent));
  const deliveries = writeJson(events.flatMap(writeDeliveries));

  const insert = (sql: Statements, settled: readonly UploadChange[]) => {
    const rows = settled.map((change, i) => ({ ...writeChange(change), event_id: eventIds[i] }));
    return sql.unsafe<UploadRow[]>(
      chooseStatement(settled),
      [eventRows, writeTime(now()), recorder, writeJson(rows), deliveries],
      { prepare: true },
    );
  };
  const rows = await applyMerging(connection, now, changes, insert);
  return describeRecorded(events, rows, recorder, connection);
}

function writeEvent(event: EventRecord): JsonObject {
  const { eventId, eventType, fileId, taskId, payload, confirmed, changes } = event;
  const keys = changes.map(({ key }) => ('uploadId' in key ? key.uploadId : undefined));
  return {
    event_id: eventId,
    event_type: eventType,
    upload_id: keys.find((key) => key !== undefined),
    file_id: fileId,
    task_id: taskId,
    payload,
    confirmed,
  };
}

function writeDeliveries({ eventId, endpoints }: EventRecord): readonly JsonObject[] {
  return endpoints.map((endpoint) => ({ event_id: eventId, endpoint }));
}
