import type { UploadState } from '../../model/upload-state.ts';
import type { JsonObject } from '../../validation/json-object.ts';
import { cleanText, type Row, writeJson, writeTime } from '../query.ts';
import type { PatternedTarget } from '../uploads/outbox.ts';
import { TYPED_CHANGE, writeNextStates } from '../uploads/upload-row.ts';
import type { ChangeKinds } from '../uploads/upload-upsert.ts';
import type { EventRecord } from './event-record.ts';
import { ARRIVALS, TYPED_EVENT, type TypedColumns } from './event-sql.ts';
import { writeMany } from './record-many.ts';
import { type ChangeShape, writeOne } from './record-one.ts';

type Parameter = string | number | null;

const EVENT_COLUMNS = TYPED_EVENT.map(([column]) => column);

/** A statement with its parameters. */
type WrittenStatement = readonly [statement: string, parameters: Parameter[]];

/** What is to be recorded: rows with the names of columns. */
interface RecordRows {
  readonly events: readonly JsonObject[];
  /** Changes as `writeChange` returns them, each with the `event_id` of its event. */
  readonly changes: readonly Row[];
  /** Actions, each with the `event_id` of its event. */
  readonly actions: readonly JsonObject[];
  readonly kinds: ChangeKinds;
}

/** Returns an event as a row. */
export function writeEvent(event: EventRecord): JsonObject {
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

/** Returns the actions of an event as rows. */
export function writeActionsOf({
  eventId,
  subAppId,
  actions = [],
}: EventRecord): readonly JsonObject[] {
  return actions.map(({ fileId, kind, uploadId, detail }) => ({
    event_id: eventId,
    file_id: fileId,
    kind,
    sub_app_id: subAppId,
    upload_id: uploadId,
    detail,
  }));
}

/** The targets that get any messages, and the same as a parameter. */
export interface KnownTargets {
  readonly list: readonly (PatternedTarget & { readonly expression: RegExp })[];
  /** Null if the targets are not known. */
  readonly text: string | null;
}

/** The parameters that all these statements have. */
interface RecordMarks {
  /** When this happens. */
  readonly time: string;
  readonly recorder: string;
  readonly targets: KnownTargets;
  /** When the claims of the caller end, if it makes the first attempts at the deliveries. */
  readonly leasedUntil?: string | undefined;
}

/** Statements by their names: each is a few kilobytes long, and the server keeps its plan for as long as the session. */
const WRITTEN = new Map<string, string>();

/** Above this number, statements for other changes have all columns, of which there are few: a plan takes some 400 kB. */
const MAX_WRITTEN = 32;

/**
 * Returns the statement that records events with such changes, and its parameters. It has only the parts and columns that
 * are needed, since each costs time even if it does nothing.
 *
 * Its rows have the `event` that is new, and for each upload that it has changed the `upload`, and the id with which that is
 * `announced` if it is in a new state. If deliveries are claimed they also have the `payload` of an event that a target is
 * sent, and the `free` endpoints, see `FREE_ENDPOINTS`.
 */
export function writeRecordStatement(rows: RecordRows, marks: RecordMarks): WrittenStatement {
  const { events, changes, actions } = rows;
  const [event, ...others] = events;
  if (event !== undefined && others.length === 0 && changes.length <= 1) {
    return recordOne(event, rows, marks);
  }
  const { time, recorder, targets, leasedUntil } = marks;
  const shape = { hasActions: actions.length > 0, isLeased: leasedUntil !== undefined };
  const name = ['many', ...Object.values({ ...rows.kinds, ...shape })].join(' ');
  const statement = remember(name, () => writeMany({ kinds: rows.kinds, ...shape }));
  const common = [writeJson(changes), time, recorder, targets.text, writeJson(events)];
  const last = leasedUntil === undefined ? [] : [leasedUntil];
  return [statement, [...common, ...last, ...(shape.hasActions ? [writeJson(actions)] : [])]];
}

function remember(name: string, write: () => string): string {
  const known = WRITTEN.get(name);
  if (known !== undefined) return known;
  // The driver looks each statement up by its whole text, which is mostly indentation otherwise.
  const written = write().replace(/\s+/g, ' ');
  WRITTEN.set(name, written);
  return written;
}

function recordOne(event: JsonObject, rows: RecordRows, marks: RecordMarks): WrittenStatement {
  const { actions, kinds } = rows;
  const [change] = rows.changes;
  const { list, text } = marks.targets;
  const isTold = list.some(({ expression }) => expression.test(String(event['event_type'])));
  const targets = isTold || change !== undefined ? list : [];
  const leasedUntil = targets.length > 0 ? marks.leasedUntil : undefined;
  const shape = {
    ...{ isArrival: ARRIVALS.has(event['event_type']), hasActions: actions.length > 0 },
    ...{ isFannedOut: text !== null, targets: targets.length, isTold },
    isLeased: leasedUntil !== undefined,
  };
  const changing = change && findChange(change, describeChange(change, event, kinds), shape);
  const name = changing?.name ?? Object.values(shape).join(' ');
  const statement = remember(name, () => writeOne({ ...shape, change: changing?.shape }));
  const parameters = [writeParameter(event['received_at']), marks.time, marks.recorder];
  for (const column of EVENT_COLUMNS) parameters.push(writeParameter(event[column]));
  for (const column of changing?.names ?? []) parameters.push(writeParameter(change?.[column]));
  if (change !== undefined) parameters.push(writeNextStates(change));
  for (const { endpoint, pattern } of targets) parameters.push(endpoint, pattern);
  if (leasedUntil !== undefined) parameters.push(leasedUntil);
  if (actions.length > 0) parameters.push(writeJson(actions));
  return [statement, parameters];
}

/** The states in which the file of an upload is to be deleted. */
const ENDED: ReadonlySet<unknown> = new Set<UploadState>(['cancelled', 'rejected', 'expired']);

/** Returns what has to be looked at for this change. Only a change that names an upload brings a file to a known one. */
function describeChange(change: Row, event: JsonObject, kinds: ChangeKinds) {
  const { file_id: fileId = null, sub_app_id: subAppId = null, fact, state } = change;
  const { file_id: arrived = null, sub_app_id: reporter = null } = event;
  const bringsFile = kinds.byUpload && fileId !== null;
  return {
    key: kinds.byUpload ? ('upload_id' as const) : ('file_id' as const),
    ofTenant: kinds.ofTenant,
    isOfArrival: ARRIVALS.has(event['event_type']) && arrived === fileId && reporter === subAppId,
    mayEnd: bringsFile || ENDED.has(state),
    mayBeSecond: bringsFile && fact !== 'deleted',
  };
}

/** Columns that a statement has even if a change does not set them. */
const NEEDED: ReadonlySet<string> = new Set(['upload_id', 'fact', 'state', 'sub_app_id']);

const COLUMNS: TypedColumns = TYPED_CHANGE.filter(([column]) => column !== 'key');
const CHANGE_NAMES = COLUMNS.map(([column]) => column);
const NEEDED_PLACES = findPlaces(Object.fromEntries([...NEEDED].map((column) => [column, ''])));

/** Returns the places in {@link COLUMNS} of the columns that a change sets, as the bits of a number. */
function findPlaces(change: Row): number {
  let places = 0;
  for (let place = 0; place < CHANGE_NAMES.length; place += 1) {
    const value = change[CHANGE_NAMES[place] ?? ''];
    if (value !== undefined && value !== null) places |= 1 << place;
  }
  return places;
}

/** A change as a part of a statement. */
interface KnownChange {
  /** Of the statement. */
  readonly name: string;
  readonly shape: ChangeShape;
  /** Of its columns. */
  readonly names: readonly string[];
}

const CHANGES = new Map<string, KnownChange>();

function findChange(change: Row, told: Omit<ChangeShape, 'columns'>, shape: object): KnownChange {
  const flags = [...Object.values(shape), ...Object.values(told)].join(' ');
  const places = findPlaces(change) | NEEDED_PLACES;
  const name = `${flags} ${places}`;
  const known = CHANGES.get(name);
  if (known !== undefined) return known;
  if (WRITTEN.size >= MAX_WRITTEN) {
    return { name: flags, shape: { ...told, columns: COLUMNS }, names: CHANGE_NAMES };
  }
  const columns = COLUMNS.filter((_, place) => (places & (1 << place)) !== 0);
  const written = {
    ...{ name, shape: { ...told, columns } },
    names: columns.map(([column]) => column),
  };
  CHANGES.set(name, written);
  return written;
}

/** Returns a value of JSON as a parameter; what JSON and the database cannot store is replaced as `writeJson` does. */
function writeParameter(value: unknown): Parameter {
  switch (typeof value) {
    case 'string':
      return cleanText(value);
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? null : writeJson(value);
    default:
      return null;
  }
}
