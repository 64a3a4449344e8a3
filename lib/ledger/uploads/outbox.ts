import type { Subscription } from '../../model/message-type.ts';
import {
  type LedgerDependencies,
  writeJson,
  writeLimit,
  writePattern,
  writeTime,
} from '../query.ts';
import { type UploadChange, writeChange } from './upload-row.ts';
import type { ChangeKinds } from './upload-upsert.ts';

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
  { clock, targets }: Pick<LedgerDependencies, 'clock' | 'targets'>,
): ChangeParameters {
  const rows = writeJson(changes.map(writeChange));
  return [
    rows,
    writeTime(clock.now()),
    recorder,
    targets === undefined ? null : writeTargets(targets),
  ];
}

/** A target with its patterns as one regular expression, of PostgreSQL as of JavaScript. */
export interface PatternedTarget {
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

/** Returns the rows `t` of the targets of {@link writeTargets}, for a `from`. */
export function readTargets(targets: string): string {
  return `jsonb_to_recordset(${targets}::text::jsonb) as t(endpoint text, pattern text)`;
}

/**
 * Returns the statement that enqueues, at `time`, the deliveries of the events that the query `recorded` returns
 * (`event_id`, `event_type`) to the `targets` of {@link writeTargets}.
 */
export function writeDeliveries(recorded: string, time: string, targets: string): string {
  return writeRows(recorded, time, readTargets(targets));
}

function writeRows(recorded: string, time: string, targets: string): string {
  return `insert into deliveries (event_id, endpoint, next_attempt_at, enqueued_at, updated_at)
    select r.event_id, t.endpoint, ${time}, ${time}, ${time}
    from ${targets} join (${recorded}) r on r.event_type ~ t.pattern`;
}

/** To whom the events of a statement are delivered, and who makes the first attempts. */
export interface Fan {
  /** Rows `t` of the targets, for a `from`. */
  readonly targets: string;
  /** When the claims of the caller end, if it makes the first attempts itself. */
  readonly leasedUntil?: string | undefined;
}

/**
 * Returns the parts of a `with` that enqueue, at the time `$2`, the deliveries of the events that the query `recorded`
 * returns. If the caller makes the first attempts, they are claimed for it, except those to endpoints that are paused or have
 * a failed delivery; the part `free` has the other endpoints.
 */
export function writeFan(recorded: string, { targets, leasedUntil }: Fan): string {
  if (leasedUntil === undefined) {
    return `delivery as (${writeRows(recorded, '$2::timestamptz', targets)})`;
  }
  return `free as (
    select t.endpoint, greatest(e.delivered_at, e.resumed_at) as delivered_at
    from ${targets} left join endpoints e on e.endpoint = t.endpoint
    where e.disabled_at is null and not exists (
      select from deliveries f where f.endpoint = t.endpoint and f.state = 'pending' and f.last_error is not null
    )
  ),
  delivery as (
    insert into deliveries (event_id, endpoint, attempts, next_attempt_at, enqueued_at, updated_at)
    select r.event_id, t.endpoint, (f.endpoint is not null)::integer,
      case when f.endpoint is null then $2::timestamptz else ${leasedUntil} end, $2::timestamptz, $2::timestamptz
    from ${targets} join (${recorded}) r on r.event_type ~ t.pattern left join free f on f.endpoint = t.endpoint
  )`;
}

/** The endpoints for which {@link writeFan} has claimed deliveries, and when each last accepted one, as JSON. */
export const FREE_ENDPOINTS =
  '(select jsonb_agg(jsonb_build_array(endpoint, delivered_at)) from free)';

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

/**
 * SQL of whether an upload in `changed` may be announced before its file has arrived. A task may be reported first; until
 * then the upload has only the id of its file, and is removed if the file arrives for one that began here.
 */
export const IS_KNOWN = `(upload ->> 'owner' is not null or (
    select true from events a where coalesce(a.file_id, a.upload_id) = changed.file_id
      and a.event_type in ('vod.NewFileUpload', 'vod.PullComplete') limit 1
  ))`;

/**
 * Returns the part of a `with` that announces the states of the uploads of its part `changed`.
 *
 * @param isFannedOut SQL of whether the targets are known.
 * @param rest which of them, and in which order.
 */
export function writeAnnounced(isFannedOut: string, rest = ''): string {
  return `announced as (
    insert into events
      (event_id, event_type, sub_app_id, upload_id, file_id, task_id, payload, confirmed, received_at, recorded_by, fanned_out)
    select 'evt_' || upload_id || '_' || state, 'upload.' || state, sub_app_id, upload_id, file_id, task_id, upload,
      true, $2::timestamptz, $3, ${isFannedOut}
    from changed ${rest}
    on conflict (event_id) do nothing
    returning event_id, event_type, upload_id
  )`;
}

/** The same with the parameters of {@link writeChanges}. */
export const ANNOUNCED = writeTold();

function writeTold(condition = ''): string {
  return writeAnnounced('$4::text is not null', `${condition} order by upload_id`);
}

/** A query of the deletions of files whose uploads do not want them. */
export const UNWANTED = `select file_id, 'delete' as kind, sub_app_id, upload_id, null::jsonb as detail from changed
    where state in ('cancelled', 'rejected', 'expired') and file_id is not null`;

// A file is also unwanted if its upload already has another file, owner or application; but never if it arrived for a
// different upload.
/** Returns a query of the deletions of such files, of the changes `c` in `from` of which `unchanged` is true. */
export function writeSecond(from: string, unchanged: string): string {
  return `select c.file_id, 'delete', c.sub_app_id, c.upload_id, null from ${from}
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
  readonly fan?: Fan | undefined;
  /** SQL of which of the uploads in `changed` are announced; if missing, all. */
  readonly announcing?: string | undefined;
}

/**
 * Returns the parts of a `with` that write everything that follows from its part `changed`, whose changes are in its
 * part `change`: announcements, their deliveries, and the deletion of unwanted files. Its parameters are those of
 * {@link writeChanges}.
 */
export function outboxSql(
  { byUpload }: Pick<ChangeKinds, 'byUpload'>,
  { events, actions, announcing, fan = { targets: readTargets('$4') } }: Company = {},
) {
  const recorded = ['select event_id, event_type from announced', ...(events ? [events] : [])];
  const unchanged = 'c.key = c.upload_id and c.key not in (select key from changed)';
  const second = byUpload ? [writeSecond('change c', unchanged)] : [];
  const asked = [UNWANTED, ...second, ...(actions ? [actions] : [])];
  return [
    announcing === undefined ? ANNOUNCED : writeTold(`where ${announcing}`),
    writeActions(asked.join(' union all ')),
    writeFan(recorded.join(' union all '), fan),
  ].join(',\n  ');
}
