import type { UploadState } from '../model/upload-state.ts';
import type { LedgerDependencies } from './dependencies.ts';
import { writeDeliveries, writeTargets } from './fan-out.ts';
import { writeJson } from './json-text.ts';
import { type ChangeKinds, type UploadChange, writeChange } from './upload-change.ts';
import { UPLOAD_COLUMNS, writeTime } from './upload-row.ts';

/** Returns the id of the event that tells that the upload has reached `state`: it does so once. */
export function stateEventId(uploadId: string, state: UploadState): string {
  return `evt_${uploadId}_${state}`;
}

/** The first parameters of every statement that changes uploads. */
export type ChangeParameters = readonly [
  changes: string,
  time: string,
  recorder: string,
  targets: string | null,
];

/** Returns `changes` as the first parameters of a statement. */
export function writeChanges(
  changes: readonly UploadChange[],
  recorder: string,
  { now, targets }: Pick<LedgerDependencies, 'now' | 'targets'>,
): ChangeParameters {
  const rows = writeJson(changes.map(writeChange));
  return [rows, writeTime(now()), recorder, targets === undefined ? null : writeTargets(targets)];
}

/** As the upload is announced; `readUpload` reads it. */
const SNAPSHOT = `jsonb_build_object(${UPLOAD_COLUMNS.split(', ')
  .map((column) => `'${column}', ${column}`)
  .join(', ')})`;

/** Returns the part of a `with` that announces the states of the uploads of its part `changed`. */
export const ANNOUNCED = `announced as (
    insert into events
      (event_id, event_type, sub_app_id, upload_id, file_id, task_id, payload, confirmed, received_at, recorded_by, fanned_out)
    select 'evt_' || upload_id || '_' || state, 'upload.' || state, sub_app_id, upload_id, file_id, task_id, ${SNAPSHOT},
      true, $2::timestamptz, $3, $4::text is not null
    from changed order by upload_id
    on conflict (event_id) do nothing
    returning event_id, event_type, upload_id
  )`;

const UNWANTED = `select file_id, 'delete' as kind, sub_app_id, upload_id, null::jsonb as detail from changed
    where state in ('cancelled', 'rejected', 'expired') and file_id is not null`;

// A file whose upload has another one already, another owner or another application, is unwanted too; but never one that
// came for an upload of its own.
const SECOND = `select c.file_id, 'delete', c.sub_app_id, c.upload_id, null from change c
    where c.key = c.upload_id and c.file_id is not null and c.fact <> 'deleted'
      and c.key not in (select key from changed)
      and not exists (select from uploads h where h.file_id = c.file_id and h.owner is not null)`;

/** Returns the part of a `with` that keeps the actions of the query `actions`; each is kept once for ever. */
export function writeActions(actions: string): string {
  return `action as (
    insert into media_actions (file_id, kind, sub_app_id, upload_id, detail, next_attempt_at, created_at, updated_at)
    select file_id, kind, sub_app_id, upload_id, detail, $2::timestamptz, $2::timestamptz, $2::timestamptz from (${actions}) a
    order by file_id, kind
    on conflict (file_id, kind) do nothing
  )`;
}

/** What else may come with changes. */
interface Company {
  /** A query of events (`event_id`, `event_type`) that are to be delivered too. */
  readonly events?: string | undefined;
  /** A query of actions that are to be kept too. */
  readonly actions?: string | undefined;
}

/**
 * Returns the parts of a `with` that make everything that follows from its part `changed`, whose changes are in its part
 * `change`: announcements, their deliveries, and the removal of unwanted files. Its parameters are those of
 * {@link writeChanges}.
 */
export function outboxSql({ byUpload }: ChangeKinds, { events, actions }: Company = {}): string {
  const recorded = ['select event_id, event_type from announced', ...(events ? [events] : [])];
  const asked = [UNWANTED, ...(byUpload ? [SECOND] : []), ...(actions ? [actions] : [])];
  return [
    ANNOUNCED,
    writeActions(asked.join(' union all ')),
    `delivery as (${writeDeliveries(recorded.join(' union all '), '$2::timestamptz', '$4')})`,
  ].join(',\n  ');
}
