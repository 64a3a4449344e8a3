import type { Kind } from '../uploads/upload-row.ts';

/** Columns and types of parameters or rows. */
export type TypedColumns = readonly (readonly [column: string, kind: Kind | 'boolean'])[];

/** Columns and types of an event, except those that may be missing or are the same for all events of a statement. */
export const TYPED_EVENT: TypedColumns = [
  ...['event_id', 'event_type', 'upload_id', 'file_id', 'task_id'].map(
    (name) => [name, 'text'] as const,
  ),
  ['sub_app_id', 'bigint'],
  ['payload', 'jsonb'],
  ['confirmed', 'boolean'],
];

/** The names of {@link TYPED_EVENT}. */
export const EVENT_NAMES = TYPED_EVENT.map(([name]) => name).join(', ');

/** A file arrives only once, so the arrival of a pruned upload's file is known although its event is gone. */
export const ARRIVALS: ReadonlySet<unknown> = new Set(['vod.NewFileUpload', 'vod.PullComplete']);

/** The rows of an `insert` of events. */
interface EventRows {
  /** {@link EVENT_NAMES} and the time of each event. */
  readonly rows: string;
  /** SQL of whether the targets are known. */
  readonly isFannedOut: string;
  /** A condition of the rows `e`. */
  readonly condition?: string | undefined;
  readonly order?: string | undefined;
  /** Whether the content is returned. */
  readonly withContent: boolean;
}

/** Returns the statement that records events, at the time `$2` by the recorder `$3`, and returns those that are new. */
export function insertEvents(rows: EventRows): string {
  const { condition, order = '', isFannedOut, withContent } = rows;
  return `insert into events (${EVENT_NAMES}, received_at, envelope_removed, recorded_by, fanned_out)
    select e.*, true, $3, ${isFannedOut}
    from (${rows.rows}) as e(${EVENT_NAMES}, received_at)
    ${condition === undefined ? '' : `where ${condition}`} ${order}
    on conflict (event_id) do nothing
    returning event_id, event_type${withContent ? ', payload' : ''}`;
}

/** Returns a query of the actions in a parameter, of events that are new. */
export function selectActions(parameter: string): string {
  return `select event_id, file_id, kind, a.sub_app_id, a.upload_id, detail
    from jsonb_to_recordset(${parameter}::text::jsonb)
      as a(event_id text, file_id text, kind text, sub_app_id bigint, upload_id text, detail jsonb)
    join event using (event_id)`;
}

/** SQL of whether an upload in `state` still wants its file. */
export function writeWanted(state: string): string {
  return `${state} not in ('cancelled', 'rejected', 'expired', 'deleted')`;
}
