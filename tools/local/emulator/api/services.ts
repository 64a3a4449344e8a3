import type { EventQueue } from '../events/event-queue.ts';
import type { EventSettings } from '../events/event-settings.ts';
import type { UploadEvents } from '../events/upload-events.ts';
import type { MediaIndex } from '../media-index.ts';
import type { Pulls } from '../pull/pulls.ts';
import type { UploadSession } from '../state.ts';
import type { ObjectStore } from '../storage/objects.ts';
import type { TaskIndex } from '../task-index.ts';
import type { UgcDependencies } from '../ugc/dependencies.ts';

/** The answer of PullEvents without an event; the documentation allows both. */
export type EmptyQueueAnswer = 'null' | 'ResourceNotFound';

/** What the API's actions work with. */
export interface ApiServices extends UgcDependencies {
  readonly objects: ObjectStore;
  readonly settings: EventSettings;
  readonly queue: EventQueue;
  readonly events: UploadEvents;
  readonly pulls: Pulls;
  readonly mediaIndex: MediaIndex;
  readonly tasks: TaskIndex;
  readonly emptyQueue: EmptyQueueAnswer;
  /** Turns the files of a session into a media, once; throws `UgcRefusal`. */
  commitSession(session: UploadSession): Promise<UploadSession>;
}

/** The `Response` without its `RequestId`. */
export type ApiAnswer = Readonly<Record<string, unknown>>;

/** Performs the action of an API request; throws `ApiError`. */
export type ApiAction = (api: ApiServices, request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>;

/** The part of an API request that its action gets. */
interface ApiRequest {
  readonly parameters: Record<string, unknown>;
  /** Whether numbers are text. */
  readonly isFlat: boolean;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}
