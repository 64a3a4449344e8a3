import type { EventType } from '../../model/message-type.ts';
import type { Upload } from '../../model/upload.ts';
import type { JsonObject } from '../../validation/json-object.ts';
import type { ClaimedDelivery } from '../deliveries/deliveries.ts';
import type { NewMediaAction } from '../jobs/actions.ts';
import type { UploadChange } from '../uploads/upload-row.ts';

/** An event that is to be recorded, with its changes and actions. */
export interface EventRecord {
  /** The same for the same fact, however often and in whatever mode VOD reports it. */
  readonly eventId: string;
  readonly eventType: EventType;
  /** Application of VOD that reported it; missing if the configuration names none. */
  readonly subAppId?: number | undefined;
  readonly uploadId?: string | undefined;
  readonly fileId?: string | undefined;
  readonly taskId?: string | undefined;
  /** The event as VOD sent it, without the fields of its transport. */
  readonly payload: JsonObject;
  /** Whether VOD itself has confirmed it. */
  readonly confirmed: boolean;
  /** One for each upload that it describes: none, one, or, of deleted files, many. */
  readonly changes: readonly UploadChange[];
  /**
   * Actions on its media. If the event describes uploads, only actions on files that belong to their uploads, and are
   * not to be deleted, are recorded.
   */
  readonly actions?: readonly NewMediaAction[];
  /** Unix milliseconds; if missing, now. */
  readonly receivedAt?: number | undefined;
}

/** Result of recording an event. */
export interface RecordedEvent {
  /** False if the event was known, and so changed nothing. */
  readonly fresh: boolean;
  /**
   * The uploads of its changes, in the same order, as they are now. An upload whose `fileId` is not the event's already
   * has another file, and was not changed.
   */
  readonly uploads: readonly Upload[];
  /** Ids of the events that announce the new states of its uploads. */
  readonly announced: readonly string[];
  /** Number of deliveries that were enqueued, including those of `announced`; 0 if the targets are not known. */
  readonly deliveries: number;
  /**
   * Those of them that are claimed for the caller, if it asked for that: all except those to endpoints that are paused or
   * have a failed delivery, which are left to `claimDeliveries`.
   */
  readonly claims: readonly ClaimedDelivery[];
}

/** Events per statement: enough to make its fixed cost small, few enough to hold its locks only briefly. */
const ROUND_SIZE = 500;

/**
 * Most characters in the payloads of one statement with several events. One payload may have megabytes, and a statement
 * that exceeds the time limit would block its whole batch for ever.
 */
const ROUND_CHARACTERS = 4_000_000;

/**
 * Returns `events` in rounds that preserve their order. No two events of a round share an id, an upload or a file,
 * since one statement cannot change a row twice.
 *
 * @throws {RangeError} if one of them is too deep for JSON.
 */
export function splitRounds(events: readonly EventRecord[]): readonly (readonly EventRecord[])[] {
  const rounds: EventRecord[][] = [];
  const taken = new Set<string>();
  let weight = 0;
  for (const event of events) {
    const names = [`event ${event.eventId}`, ...event.changes.flatMap(nameTargets)];
    const round = rounds.at(-1);
    const own = JSON.stringify(event.payload).length;
    weight += own;
    const fits = round !== undefined && round.length < ROUND_SIZE && weight <= ROUND_CHARACTERS;
    if (fits && !names.some((name) => taken.has(name))) round.push(event);
    else {
      rounds.push([event]);
      taken.clear();
      weight = own;
    }
    for (const name of names) taken.add(name);
  }
  return rounds;
}

function nameTargets({ key, fields }: UploadChange): readonly string[] {
  const fileId = fields?.fileId;
  return [
    'uploadId' in key ? `upload ${key.uploadId}` : `file ${key.fileId}`,
    ...(fileId === undefined ? [] : [`file ${fileId}`]),
  ];
}
