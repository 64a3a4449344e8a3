import type { Subscription } from '../model/message-type.ts';
import {
  type LedgerDependencies,
  writeJson,
  writeLimit,
  writePattern,
  writeTime,
} from './query.ts';
import { type ChangeKinds, type UploadChange, writeChange } from './upload-row.ts';

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

/** A target with its patterns as one regular expression, of PostgreSQL as of JavaScript. */
interface PatternedTarget {
  readonly endpoint: string;
  readonly pattern: string;
}

/** Returns the targets that are sent any messages. */
export function listTargets(targets: readonly Subscription[]): readonly PatternedTarget[] {
  return targets
    .filter(({ events }) => events.length > 0)
    .map(({ id, events }) => ({ endpoint: id, pattern: writePattern(events) }));
}

/** Returns the targets in the form for {@link writeDeliveries}. */
export function writeTargets(targets: readonly Subscription[]): string {
  return JSON.stringify(listTargets(targets));
}

/**
 * Returns the statement that enqueues, at `time`, the deliveries of the events that the query `recorded` returns
 * (`event_id`, `event_type`) to the `targets` of {@link writeTargets}.
 */
export function writeDeliveries(recorded: string, time: string, targets: string): string {
  return `insert into deliveries
    (event_id, endpoint, next_attempt_at, enqueued_at, updated_at)
    select r.event_id, t.endpoint, ${time}, ${time}, ${time}
    from jsonb_to_recordset(${targets}::text::jsonb) as t(endpoint text, pattern text)
    join (${recorded}) r on r.event_type ~ t.pattern`;
}

/**
 * Returns the statement that enqueues the deliveries of up to `count` events at the time `$1` to the targets `$2`, and
 * returns the number of events.
 */
export function writeFanOut(count: number): string {
  return `with due as (
    select event_id from events where not fanned_out order by received_at ${writeLimit(count)} for update skip locked
  ),
  recorded as (
    update events set fanned_out = true where event_id = any (array(select event_id from due))
    returning event_id, event_type
  ),
  delivery as (
    ${writeDeliveries('select event_id, event_type from recorded', '$1::timestamptz', '$2')}
  )
  select count(*)::integer as count from recorded`;
}

function writeAnnounced(order: string): string {
  return `announced as (
    insert into events
      (event_id, event_type, sub_app_id, upload_id, file_id, task_id, payload, confirmed, received_at, recorded_by, fanned_out)
    select 'evt_' || upload_id || '_' || state, 'upload.' || state, sub_app_id, upload_id, file_id, task_id, upload,
      true, $2::timestamptz, $3, $4::text is not null
    from changed ${order}
    on conflict (event_id) do nothing
    returning event_id, event_type, upload_id
  )`;
}

/** The part of a `with` that announces the states of the uploads of its part `changed`. */
export const ANNOUNCED = writeAnnounced('order by upload_id');

const UNWANTED = `select file_id, 'delete' as kind, sub_app_id, upload_id, null::jsonb as detail from changed
    where state in ('cancelled', 'rejected', 'expired') and file_id is not null`;

// A file is also unwanted if its upload already has another file, owner or application; but never if it arrived for a
// different upload.
function writeSecond(unchanged: string): string {
  return `select c.file_id, 'delete', c.sub_app_id, c.upload_id, null from change c
    where c.file_id is not null and c.fact <> 'deleted' and ${unchanged}
      and not exists (select from uploads h where h.file_id = c.file_id and h.owner is not null)`;
}

/** Returns the part of a `with` that records the actions of the query `actions`; each is recorded only once. */
export function writeActions(actions: string, order = 'order by file_id, kind'): string {
  return `action as (
    insert into media_actions (file_id, kind, sub_app_id, upload_id, detail, next_attempt_at, created_at, updated_at)
    select file_id, kind, sub_app_id, upload_id, detail, $2::timestamptz, $2::timestamptz, $2::timestamptz from (${actions}) a
    ${order}
    on conflict (file_id, kind) do nothing
  )`;
}

/** Additional events and actions in a statement with changes. */
interface Company {
  /** A query of events (`event_id`, `event_type`) that are to be delivered too. */
  readonly events?: string | undefined;
  /** A query of actions that are to be recorded too. */
  readonly actions?: string | undefined;
}

/**
 * Returns the parts of a `with` that write everything that follows from its part `changed`, whose changes are in its
 * part `change`: announcements, their deliveries, and the deletion of unwanted files. Its parameters are those of
 * {@link writeChanges}.
 */
export function outboxSql({ byUpload, only }: ChangeKinds, { events, actions }: Company = {}) {
  const recorded = ['select event_id, event_type from announced', ...(events ? [events] : [])];
  // Rows are locked in the same order as in other statements, if there are several.
  const [announced, order, unchanged] = only
    ? [writeAnnounced(''), '', 'not exists (select from changed)']
    : [ANNOUNCED, undefined, 'c.key = c.upload_id and c.key not in (select key from changed)'];
  const second = byUpload ? [writeSecond(unchanged)] : [];
  const asked = [UNWANTED, ...second, ...(actions ? [actions] : [])];
  return [
    announced,
    writeActions(asked.join(' union all '), order),
    `delivery as (${writeDeliveries(recorded.join(' union all '), '$2::timestamptz', '$4')})`,
  ].join(',\n  ');
}
