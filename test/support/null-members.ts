import { EVENT_MEMBERS } from '../../lib/vod/event.ts';

/** Returns a notification without the members that are null, as VOD sends it now. */
export function omitNulls<T>(event: T): T {
  return JSON.parse(JSON.stringify(event, (_name, value) => value ?? undefined));
}

/**
 * Returns a notification with null for what it does not have, as VOD's examples of PullEvents have it: the members of
 * all other types, and one more in each object.
 */
export function addNulls<T extends object>(event: T): T {
  const others = Object.fromEntries(Object.values(EVENT_MEMBERS).map((name) => [name, null]));
  const fill = (_name: string, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { AddedMember: null, ...value }
      : value;
  return { ...others, ...JSON.parse(JSON.stringify(event, fill)) };
}
