import { UPLOAD_STATES, type UploadState } from './upload-state.ts';

/** What an outgoing message is about: a new state of an upload, or an event of VOD as it came. */
export type EventType = `upload.${UploadState}` | `vod.${string}`;

/** A whole type of VOD's, or the beginning of some. */
const VOD_PATTERN = /^vod\.(?:\w+\*?|\*)$/;

/**
 * Returns the type of the message that hands on VOD's event of this name. Types become part of filters and of other
 * systems' rules, so one that is not letters, digits and underscores is `vod.unknown`.
 */
export function nameVodEvent(name: unknown): EventType {
  return typeof name === 'string' && /^\w{1,64}$/.test(name) ? `vod.${name}` : 'vod.unknown';
}

/** Returns what is wrong with `pattern` as one entry of an endpoint's filter, or undefined where it is one. */
export function explainEventPattern(pattern: string): string | undefined {
  const possible =
    VOD_PATTERN.test(pattern) ||
    UPLOAD_STATES.some((state) => matchesEvent(`upload.${state}`, pattern));
  if (possible) return undefined;
  return `must be vod. and a type of VOD, upload. and one of ${UPLOAD_STATES.join(', ')}, or the beginning of such names and *, as upload.*`;
}

/** Returns whether `type` is what `pattern` says; only a `*` at its end stands for something else. */
export function matchesEvent(type: EventType, pattern: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** Somebody who is told of some events. */
export interface Subscription {
  /** The same from one start to the next; deliveries name it as their endpoint. */
  readonly id: string;
  /** Patterns of the event types that it takes, as {@link matchesEvent} reads them. */
  readonly events: readonly string[];
}

/** Returns which of `targets` a message of `type` goes to. */
export function selectTargets<T extends Pick<Subscription, 'events'>>(
  targets: readonly T[],
  type: EventType,
): readonly T[] {
  return targets.filter(({ events }) => events.some((pattern) => matchesEvent(type, pattern)));
}
