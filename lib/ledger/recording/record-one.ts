import {
  FREE_ENDPOINTS,
  IS_KNOWN,
  UNWANTED,
  writeActions,
  writeAnnounced,
  writeFan,
  writeSecond,
} from '../uploads/outbox.ts';
import { writeNotPruned, writeUpsert } from '../uploads/upload-upsert.ts';
import {
  insertEvents,
  selectActions,
  TYPED_EVENT,
  type TypedColumns,
  writeWanted,
} from './event-sql.ts';

/** What a statement for one event has to do; each part and column costs time even if it does nothing. */
export interface OneShape {
  /** The change of the event, if it has one. */
  readonly change?: ChangeShape | undefined;
  /** Whether it is the arrival of a file, which is known if its upload was pruned. */
  readonly isArrival: boolean;
  readonly hasActions: boolean;
  /** Whether the targets are known. */
  readonly isFannedOut: boolean;
  /** Number of targets; 0 if none of them is sent anything. */
  readonly targets: number;
  /** Whether a target is sent the event itself. */
  readonly isTold: boolean;
  /** Whether the caller makes the first attempts. */
  readonly isLeased: boolean;
}

/** What a statement has to do for the change of its event. */
export interface ChangeShape {
  readonly key: 'upload_id' | 'file_id';
  readonly ofTenant: boolean;
  readonly columns: TypedColumns;
  /** Whether the event is the arrival of the same file, which is looked for among the pruned ones only once. */
  readonly isOfArrival: boolean;
  /** Whether its upload may be in a state after it in which the file is to be deleted. */
  readonly mayEnd: boolean;
  /** Whether its upload may refuse the file, which is then to be deleted. */
  readonly mayBeSecond: boolean;
}

/** The parameters that every statement has: `$1` is the event's time or null, `$2` now, and `$3` the recorder. */
const COMMON_PARAMETERS = 3;

/** Returns a function that numbers further parameters, in the order of their values. */
function createParameters(): (kind: string) => string {
  let last = COMMON_PARAMETERS;
  return (kind) => {
    last += 1;
    // As a text, since the driver would encode a parameter of such a type once more.
    return kind === 'jsonb' || kind === 'boolean' ? `$${last}::text::${kind}` : `$${last}::${kind}`;
  };
}

/**
 * Returns the statement that records one event with at most one change. To read these from JSON, and to sort and join single
 * rows, takes longer than to write them, so each value has a parameter: after the common ones the columns of the event, those
 * of the change and its next states, the endpoint and pattern of each target, the end of the lease, and the actions.
 */
export function writeOne(shape: OneShape): string {
  const { change, isFannedOut, isTold, targets } = shape;
  const next = createParameters();
  const values = TYPED_EVENT.map(([, kind]) => next(kind)).join(', ');
  const changes = change && readChange(change, next);
  const rows = Array.from({ length: targets }, () => `(${next('text')}, ${next('text')})`);
  const isClaimed = targets > 0 && shape.isLeased;
  const fan = {
    targets: `(values ${rows.join(', ')}) as t(endpoint, pattern)`,
    leasedUntil: isClaimed ? next('timestamptz') : undefined,
  };
  const asked = shape.hasActions ? [selectAsked(next('text'), change !== undefined)] : [];
  const actions = [...(changes?.actions ?? []), ...asked];
  const event = insertEvents({
    rows: `values (${values}, coalesce($1::timestamptz, $2::timestamptz))`,
    isFannedOut: String(isFannedOut),
    condition: shape.isArrival ? writeNotPruned('e', 'file_id') : undefined,
    withContent: isClaimed && isTold,
  });
  const parts = [
    `event as (${event})`,
    ...(changes ? [`changed as (${changes.upsert})`, writeNews(shape)] : []),
    ...(actions.length > 0 ? [writeActions(actions.join(' union all '), '')] : []),
    ...(targets > 0 ? [writeFan(selectTold(shape), fan)] : []),
  ];
  return `with ${parts.join(', ')} ${selectResult(shape, isClaimed)}`;
}

/** Only an event that is no arrival itself may come before the arrival of its file. */
function writeNews({ change, isArrival, isFannedOut }: OneShape): string {
  const isEarly = change?.key === 'file_id' && !isArrival;
  return writeAnnounced(String(isFannedOut), isEarly ? `where ${IS_KNOWN}` : '');
}

function selectTold({ isTold, change }: OneShape): string {
  return [
    ...(isTold ? ['select event_id, event_type from event'] : []),
    ...(change ? ['select event_id, event_type from announced'] : []),
  ].join(' union all ');
}

function selectResult({ change, isTold }: OneShape, isClaimed: boolean): string {
  const columns = [
    'event.event_id as event',
    ...(change ? ['announced.event_id as announced', 'changed.upload'] : []),
    ...(isClaimed ? [`${FREE_ENDPOINTS} as free`] : []),
    ...(isClaimed && isTold ? ['event.payload'] : []),
  ];
  const joined = change ? 'left join changed on true left join announced on true' : '';
  return `select ${columns.join(', ')} from event ${joined}`;
}

/** What the deletion of a file needs to know of the change that its upload has refused. */
const SECOND_COLUMNS: ReadonlySet<string> = new Set(['upload_id', 'fact', 'sub_app_id', 'file_id']);

/** Returns the statement for a change of an event that is new, and queries of the deletions that follow from it. */
function readChange(change: ChangeShape, next: (kind: string) => string) {
  const { key, columns, ofTenant, isOfArrival, mayEnd, mayBeSecond } = change;
  const values = columns.map(([column, kind]) => [column, `${next(kind)} as ${column}`] as const);
  const join = (chosen: typeof values) =>
    `event cross join (select ${chosen.map(([, value]) => value).join(', ')}) c`;
  const names = columns.map(([column]) => column);
  const source = {
    ...{ from: join(values), columns: names, nextStates: next('jsonb') },
    // The upload of a file is pruned together with it.
    unpruned: [
      ...(key === 'upload_id' ? [writeNotPruned('c', 'upload_id')] : []),
      ...(names.includes('file_id') && !isOfArrival ? [writeNotPruned('c', 'file_id')] : []),
    ],
  };
  const named = join(values.filter(([column]) => SECOND_COLUMNS.has(column)));
  const second = writeSecond(named, 'not exists (select from changed)');
  return {
    upsert: writeUpsert(key, source, { ofTenant }),
    actions: [...(mayEnd ? [UNWANTED] : []), ...(mayBeSecond ? [second] : [])],
  };
}

// There are no actions on a file that does not belong to its upload, or that is to be deleted.
function selectAsked(parameter: string, hasChange: boolean): string {
  const wanted = hasChange
    ? `join changed c on c.file_id = a.file_id and ${writeWanted('c.state')}`
    : '';
  return `select a.file_id, a.kind, a.sub_app_id, ${hasChange ? 'c' : 'a'}.upload_id, a.detail
    from (${selectActions(parameter)}) a ${wanted}`;
}
