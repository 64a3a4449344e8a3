import type { Subscription } from '../model/event-type.ts';

/** Returns the targets as {@link writeDeliveries} takes them: each with its patterns as one regular expression. */
export function writeTargets(targets: readonly Subscription[]): string {
  return JSON.stringify(
    targets
      .filter(({ events }) => events.length > 0)
      .map(({ id, events }) => ({ endpoint: id, pattern: `^(?:${events.map(write).join('|')})$` })),
  );
}

function write(pattern: string): string {
  const isPrefix = pattern.endsWith('*');
  const text = isPrefix ? pattern.slice(0, -1) : pattern;
  return text.replace(/\W/g, '\\$&') + (isPrefix ? '.*' : '');
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

/** Enqueues the deliveries of up to `$1` events at the time `$2` to the targets `$3`; returns of how many. */
export const FAN_OUT = `with due as (
    select event_id from events where not fanned_out order by received_at limit $1 for update skip locked
  ),
  recorded as (
    update events e set fanned_out = true from due where e.event_id = due.event_id
    returning e.event_id, e.event_type
  ),
  delivery as (
    ${writeDeliveries('select event_id, event_type from recorded', '$2::timestamptz', '$3')}
  )
  select count(*)::integer as count from recorded`;
