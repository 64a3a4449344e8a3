import type { EventType } from '../model/message-type.ts';
import type { Upload } from '../model/upload.ts';
import type { JsonObject } from '../validation/json-object.ts';
import type { NewMediaAction } from './actions.ts';
import type { UploadChange } from './upload-row.ts';

/** An event as it is kept, with what it tells. */
export interface EventRecord {
  /** The same for the same fact, however often and by whichever way it is told. */
  readonly eventId: string;
  readonly eventType: EventType;
  /** Application of VOD that told it; missing where the configuration names none. */
  readonly subAppId?: number | undefined;
  readonly uploadId?: string | undefined;
  readonly fileId?: string | undefined;
  readonly taskId?: string | undefined;
  /** The event as VOD sent it, without what belongs to the way. */
  readonly payload: JsonObject;
  /** Whether VOD itself has confirmed it. */
  readonly confirmed: boolean;
  /** One for each upload that it describes: none, one, or, of deleted files, many. */
  readonly changes: readonly UploadChange[];
  /**
   * What is to be done to its media. Where the event describes uploads, they are kept for those of these files alone that
   * their uploads have, and want.
   */
  readonly actions?: readonly NewMediaAction[];
  /** Unix milliseconds; now where it is missing. */
  readonly receivedAt?: number | undefined;
}

/** What recording an event came to. */
export interface RecordedEvent {
  /** False where the event was known, and so has changed nothing. */
  readonly fresh: boolean;
  /**
   * The uploads of its changes, in their order, as they are now. One whose `fileId` is not the event's has another
   * file already, and was not changed.
   */
  readonly uploads: readonly Upload[];
  /** Ids of the events that tell which states its uploads have reached by it. */
  readonly announced: readonly string[];
  /** Deliveries that were enqueued, those of what it announced included; none where the targets are not known. */
  readonly deliveries: number;
}

/** Events of one statement: enough to make its own cost small, few enough to hold its locks briefly. */
const ROUND_SIZE = 500;

/**
 * Most characters of what the events of a statement tell, where they are several: one describes megabytes at times, and what
 * takes longer than an answer is waited for would hold up its whole batch for ever.
 */
const ROUND_CHARACTERS = 4_000_000;

/**
 * Returns `events` in rounds that keep their order, where no two of a round have their id, an upload or a file in
 * common: one statement changes no row twice.
 *
 * @throws {RangeError} where one of them is too deep for JSON.
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
