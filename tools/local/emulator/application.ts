import type { ActivityLog } from '../activity.ts';
import type { Account } from './account.ts';
import type { ApiServices, EmptyQueueAnswer } from './api/services.ts';
import type { Clock } from './clock.ts';
import { createEventQueue } from './events/event-queue.ts';
import { createEventSettings } from './events/event-settings.ts';
import { createUploadEvents } from './events/upload-events.ts';
import type { Faults } from './faults.ts';
import { createKnownNames, type NamesOptions } from './known-names.ts';
import { createMediaIndex } from './media-index.ts';
import { probeMetaData } from './metadata.ts';
import type { SourceOptions } from './pull/open-source.ts';
import { createPulls, type PullsOptions } from './pull/pulls.ts';
import type { TransferTimes } from './pull/transfer-clock.ts';
import type { EventConfig, State } from './state.ts';
import type { ObjectStore } from './storage/objects.ts';
import { createTaskIndex } from './task-index.ts';
import { createSessionCommit } from './ugc/commit.ts';
import type { UgcDependencies } from './ugc/dependencies.ts';

/** Settings that all applications of an account share. */
export interface ApplicationSettings {
  /** Scheme, host and port of the addresses of media, without a slash at the end. */
  readonly origin: string;
  /** Where event notifications are sent, until ModifyEventConfig sets another address. */
  readonly callbackUrl: string;
  /** How events are delivered, until ModifyEventConfig sets another mode; `PUSH` by default. */
  readonly eventMode?: EventConfig['mode'];
  readonly activity: ActivityLog;
  readonly faults: Faults;
  /** How long a simulated processing flow takes; 3,000 by default. */
  readonly procedureMilliseconds?: number;
  /** How long the receiver of a notification may take; 5,000 by default. */
  readonly timeoutMilliseconds?: number;
  /** Waits before each attempt to send a notification; 0, 1,000 and 1,000 by default. */
  readonly attemptWaits?: readonly number[];
  /** How long PullEvents waits for an event; 5,000 by default. */
  readonly pollMilliseconds?: number;
  /** The answer of PullEvents without an event; `null` by default. */
  readonly emptyQueue?: EmptyQueueAnswer;
  /** The procedures and categories that exist. */
  readonly names?: NamesOptions;
  /** How PullUpload finds and reads its sources. By default, `resolve` has the samples. */
  readonly pull?: Partial<SourceOptions> & TransferTimes & Pick<PullsOptions, 'parallel'>;
}

/** Options of one application. */
interface ApplicationOptions extends ApplicationSettings, Pick<SourceOptions, 'resolve'> {
  /** The account as the application sees it. */
  readonly account: Account;
  readonly state: State;
  readonly objects: ObjectStore;
  readonly clock: Clock;
}

/** Returns the services of one application, which shares only the account's storage with the others. */
export function openApplication(options: ApplicationOptions): ApiServices {
  const { state, objects, clock, resolve } = options;
  const settings = createEventSettings(options);
  const queue = createEventQueue(options);
  const names = createKnownNames(state, options.names ?? {});
  const events = createUploadEvents({ ...options, settings, queue, names });
  const ugc: UgcDependencies = {
    ...options,
    ...{ now: clock.now, state, objects, names },
    probe: (object) => probeMetaData(object, objects.read),
    recordUpload: events.recordUpload,
    startRecorded: events.start,
  };
  const commitOnce = createSessionCommit();
  return {
    ...{ ...ugc, objects, settings, queue, events },
    pulls: createPulls({ ...ugc, ...options.pull, objects, events, resolve }),
    mediaIndex: createMediaIndex(state.media),
    tasks: createTaskIndex(state),
    emptyQueue: options.emptyQueue ?? 'null',
    commitSession: (session) => commitOnce(ugc, session),
  };
}
