import { UPLOAD_STATES, type UploadState } from './upload-state.ts';

/** Type of an outgoing message: a new state of an upload, or an event as VOD reported it. */
export type EventType = `upload.${UploadState}` | `vod.${string}`;

/** A complete `vod.*` type, or the beginning of some. */
const VOD_PATTERN = /^vod\.(?:\w+\*?|\*)$/;

/** Returns what is wrong with `pattern` as an entry of an endpoint's filter, or undefined if it is valid. */
export function explainEventPattern(pattern: string): string | undefined {
  const possible =
    VOD_PATTERN.test(pattern) ||
    UPLOAD_STATES.some((state) => matchesEvent(`upload.${state}`, pattern));
  if (possible) return undefined;
  return `must be vod. and a type of VOD, upload. and one of ${UPLOAD_STATES.join(', ')}, or the beginning of such names and *, as upload.*`;
}

/** Returns whether `type` matches `pattern`, in which only a `*` at the end is a wildcard. */
export function matchesEvent(type: EventType, pattern: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** A target, and the types of messages that it is sent. */
export interface Subscription {
  /** The same after every restart; deliveries name it as their endpoint. */
  readonly id: string;
  /** Patterns of the message types that it is sent, for {@link matchesEvent}. */
  readonly events: readonly string[];
}

/** Returns those of `targets` that are sent a message of `type`. */
export function selectTargets<T extends Pick<Subscription, 'events'>>(
  targets: readonly T[],
  type: EventType,
): readonly T[] {
  return targets.filter(({ events }) => events.some((pattern) => matchesEvent(type, pattern)));
}
