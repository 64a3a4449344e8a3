import type { JsonObject } from '../validation/json-object.ts';
import { outboxSql, writeActions, writeDeliveries } from './outbox.ts';
import { cleanText, type Row, writeJson } from './query.ts';
import {
  CHANGE_COLUMNS,
  type ChangeKinds,
  listColumns,
  TYPED_CHANGE,
  writeNotPruned,
  writeUpserts,
} from './upload-row.ts';

/** A statement with its parameters. */
type WrittenStatement = readonly [statement: string, parameters: (string | number | null)[]];

/** What is to be recorded: rows with the names of columns. */
interface RecordRows {
  readonly events: readonly JsonObject[];
  /** Changes as {@link CHANGE_COLUMNS}, each with the `event_id` of its event. */
  readonly changes: readonly Row[];
  /** Actions, each with the `event_id` of its event. */
  readonly actions: readonly JsonObject[];
  readonly kinds: ChangeKinds;
}

/** The parameters that all these statements have. */
interface RecordMarks {
  /** When this happens. */
  readonly time: string;
  readonly recorder: string;
  /** Result of `writeTargets`, if the targets are known. */
  readonly targets: string | null;
}

type TypedColumns = readonly (readonly [column: string, kind: string])[];

/** Columns and types of an event, except those that may be missing or are the same for all events of a statement. */
const TYPED_EVENT: TypedColumns = [
  ...['event_id', 'event_type', 'upload_id', 'file_id', 'task_id'].map(
    (name) => [name, 'text'] as const,
  ),
  ['sub_app_id', 'bigint'],
  ['payload', 'jsonb'],
  ['confirmed', 'boolean'],
];

const EVENT_NAMES = TYPED_EVENT.map(([name]) => name).join(', ');

/** The parts of a statement that depend on where it reads from. */
interface Source {
  /** The rows of {@link EVENT_NAMES} and the time of each event, or null. */
  readonly events: string;
  /** Locks rows in the same order as other statements do. */
  readonly order: string;
  /** A query of the changes whose events were not known. */
  readonly changes: string;
  /** The events alone. */
  readonly alone: string;
  /** The events with their uploads and announcements. */
  readonly result: string;
  /** The parameter with the actions. */
  readonly actions: string;
}

/** Many events, as rows of JSON: `$1` are the changes, `$5` the events and `$6` the actions. */
const MANY: Source = {
  events: `select ${EVENT_NAMES}, received_at from jsonb_to_recordset($5::text::jsonb)
      as r(${TYPED_EVENT.map((column) => column.join(' ')).join(', ')}, received_at timestamptz)`,
  order: 'order by event_id',
  changes: `select c.* from jsonb_to_recordset($1::text::jsonb) as c(event_id text, ${CHANGE_COLUMNS})
    join event using (event_id)`,
  alone: 'event where $1::text is not null',
  result: `event left join change using (event_id) left join changed using (key)
    left join announced on announced.upload_id = changed.upload_id`,
  actions: '$6',
};

/** Parameters of every statement: `$1` differs, `$2` to `$4` are those of `writeChanges`. */
const COMMON_PARAMETERS = 4;

/**
 * One event with at most one change, of which there are these columns, as a parameter for each column; `$1` is its time. To
 * read it from JSON, and to sort and join single rows, takes longer than to write them.
 */
function readOne(columns: TypedColumns): Source {
  const event = COMMON_PARAMETERS + 1;
  const change = event + TYPED_EVENT.length;
  return {
    events: `values (${listParameters(TYPED_EVENT, event).join(', ')}, $1::timestamptz)`,
    order: '',
    alone: 'event',
    changes: `select event_id, ${listParameters(columns, change)
      .map((parameter, place) => `${parameter} as ${columns[place]?.[0]}`)
      .join(', ')} from event`,
    result: 'event left join changed on true left join announced on true',
    actions: `$${change + columns.length}`,
  };
}

function listParameters(columns: TypedColumns, first: number) {
  // As a text, since the driver would encode a parameter of such a type once more.
  return columns.map(([, kind], place) =>
    kind === 'jsonb' || kind === 'boolean'
      ? `$${first + place}::text::${kind}`
      : `$${first + place}::${kind}`,
  );
}

// A file arrives only once, so the arrival of a pruned upload's file is known although its event is gone.
const NOT_PRUNED = `case when event_type in ('vod.NewFileUpload', 'vod.PullComplete')
      then ${writeNotPruned('e', 'file_id')} else true end`;

function insertEvents({ events, order }: Source): string {
  return `insert into events
    (${EVENT_NAMES}, received_at, envelope_removed, recorded_by, fanned_out)
    select ${EVENT_NAMES}, coalesce(received_at, $2::timestamptz), true, $3, $4::text is not null
    from (${events}) as e(${EVENT_NAMES}, received_at)
    where ${NOT_PRUNED} ${order}
    on conflict (event_id) do nothing
    returning event_id, event_type`;
}

const EVENTS = 'select event_id, event_type from event';

function selectActions({ actions }: Source): string {
  return `select event_id, file_id, kind, a.sub_app_id, a.upload_id, detail
    from jsonb_to_recordset(${actions}::text::jsonb)
      as a(event_id text, file_id text, kind text, sub_app_id bigint, upload_id text, detail jsonb)
    join event using (event_id)`;
}

// There are no actions on a file that does not belong to its upload, or that is to be deleted.
function selectWantedActions(source: Source): string {
  return `select a.file_id, a.kind, a.sub_app_id, coalesce(c.upload_id, a.upload_id), a.detail
    from (${selectActions(source)}) a
    left join changed c on c.file_id = a.file_id and c.state not in ('cancelled', 'rejected', 'expired', 'deleted')
    where c.upload_id is not null or not exists (select from change where change.event_id = a.event_id)`;
}

function writeEventsAlone(source: Source, withActions: boolean): string {
  const parts = [
    `event as (${insertEvents(source)})`,
    ...(withActions ? [writeActions(selectActions(source))] : []),
    `delivery as (${writeDeliveries(EVENTS, '$2::timestamptz', '$4')})`,
  ];
  return `with ${parts.join(',\n  ')}
    select event_id as event, null as upload, null as announced from ${source.alone}`;
}

function writeEventsAndChanges(source: Source, kinds: ChangeKinds, withActions: boolean): string {
  const actions = withActions ? selectWantedActions(source) : undefined;
  const parts = [
    `event as (${insertEvents(source)})`,
    `change as (${source.changes})`,
    writeUpserts(kinds),
    outboxSql(kinds, { events: EVENTS, actions }),
  ];
  return `with ${parts.join(',\n  ')}
    select event.event_id as event, announced.event_id as announced, changed.upload
    from ${source.result}`;
}

/** A statement, and the columns of the change in it; undefined if it is one for many events. */
interface Known {
  readonly statement: string;
  readonly columns: TypedColumns | undefined;
}

/** Statements by their names: each is a few kilobytes long, and the server keeps its plan for as long as the session. */
const WRITTEN = new Map<string, Known>();

/** Above this number, statements for other changes have all columns, of which there are few: a plan takes some 400 kB. */
const MAX_WRITTEN = 32;

/**
 * Returns the statement that records events with such changes, and its parameters. It has only the parts and columns that
 * are needed, since each costs time even if it does nothing.
 */
export function writeRecordStatement(rows: RecordRows, marks: RecordMarks): WrittenStatement {
  const { events, changes, actions } = rows;
  const { time, recorder, targets } = marks;
  const [event, ...others] = events;
  const [change] = changes;
  const common = [time, recorder, targets];
  const last = actions.length > 0 ? [writeJson(actions)] : [];
  if (event === undefined || others.length > 0 || changes.length > 1) {
    const { statement } = findStatement(rows, undefined);
    return [statement, [writeJson(changes), ...common, writeJson(events), ...last]];
  }
  const own = change === undefined ? [] : listColumns(change);
  const { statement, columns = [] } = findStatement(rows, own);
  const values = [
    ...TYPED_EVENT.map(([column]) => event[column]),
    ...columns.map(([column]) => change?.[column]),
  ].map(writeParameter);
  return [statement, [writeParameter(event['received_at']), ...common, ...values, ...last]];
}

function findStatement(rows: RecordRows, columns: TypedColumns | undefined): Known {
  const parts = [...Object.values(rows.kinds), rows.actions.length > 0];
  const name = [...parts, ...(columns?.map(([column]) => column) ?? ['many'])].join(' ');
  const known = WRITTEN.get(name);
  if (known !== undefined) return known;
  const isFull = WRITTEN.size >= MAX_WRITTEN && columns !== undefined && columns.length > 0;
  if (isFull && columns !== TYPED_CHANGE) return findStatement(rows, TYPED_CHANGE);
  const written = { statement: writeStatement(rows, columns), columns };
  WRITTEN.set(name, written);
  return written;
}

function writeStatement({ kinds, actions }: RecordRows, columns: TypedColumns | undefined): string {
  const withActions = actions.length > 0;
  const source = columns === undefined ? MANY : readOne(columns);
  if (!(kinds.byUpload || kinds.byFile)) return writeEventsAlone(source, withActions);
  const only = columns?.map(([column]) => column);
  return writeEventsAndChanges(source, { ...kinds, only }, withActions);
}

/** Returns a value of JSON as a parameter; what JSON and the database cannot store is replaced as `writeJson` does. */
function writeParameter(value: unknown): string | number | null {
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
