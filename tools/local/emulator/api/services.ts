import type { EventQueue } from '../events/event-queue.ts';
import type { EventSettings } from '../events/event-settings.ts';
import type { UploadEvents } from '../events/upload-events.ts';
import type { Pulls } from '../pull/pulls.ts';
import type { UploadSession } from '../state.ts';
import type { ObjectStore } from '../storage/objects.ts';
import type { UgcDependencies } from '../ugc/dependencies.ts';

/** How PullEvents says that there is nothing to give; the documentation allows both. */
export type EmptyQueueAnswer = 'null' | 'ResourceNotFound';

/** What the API side works with. */
export interface ApiServices extends UgcDependencies {
  readonly objects: ObjectStore;
  readonly settings: EventSettings;
  readonly queue: EventQueue;
  readonly events: UploadEvents;
  readonly pulls: Pulls;
  readonly emptyQueue: EmptyQueueAnswer;
  /** Makes the files of a session a media, once; throws `UgcRefusal`. */
  commitSession(session: UploadSession): Promise<UploadSession>;
}

/** `Response` of an answer, without its `RequestId`. */
export type ApiAnswer = Readonly<Record<string, unknown>>;

/** Does what an API request asks for; throws `ApiError`. */
export type ApiAction = (api: ApiServices, request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>;

/** The part of an API request that its action sees. */
interface ApiRequest {
  readonly parameters: Record<string, unknown>;
  /** Whether numbers came as text. */
  readonly isFlat: boolean;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}
