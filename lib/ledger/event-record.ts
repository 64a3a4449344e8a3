import type { JsonObject } from './json-text.ts';
import type { UploadChange } from './upload-change.ts';
import type { Upload } from './upload-row.ts';

/** An event as it is kept, with what it tells. */
export interface EventRecord {
  /** The same for the same fact, however often and by whichever way it is told. */
  readonly eventId: string;
  readonly eventType: string;
  readonly fileId?: string | undefined;
  readonly taskId?: string | undefined;
  /** What consumers are told. */
  readonly payload: JsonObject;
  /** Whether VOD itself has confirmed it. */
  readonly confirmed: boolean;
  /** One for each upload that it tells of: none, one, or, of deleted files, many. */
  readonly changes: readonly UploadChange[];
  /** Where it is to be delivered. */
  readonly endpoints: readonly string[];
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
  /** Deliveries that were enqueued. */
  readonly deliveries: number;
}
