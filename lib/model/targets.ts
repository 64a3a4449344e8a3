import { type EventType, matchesEvent } from './event-type.ts';

/** Returns which of `targets` a message of `type` goes to. */
export function selectTargets<T extends { readonly events: readonly string[] }>(
  targets: readonly T[],
  type: EventType,
): readonly T[] {
  return targets.filter(({ events }) => events.some((pattern) => matchesEvent(type, pattern)));
}
