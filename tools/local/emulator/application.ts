import type { ActivityLog } from '../activity.ts';
import type { Account } from './account.ts';
import type { ApiServices, EmptyQueueAnswer } from './api/services.ts';
import { createEventQueue } from './events/event-queue.ts';
import { createEventSettings } from './events/event-settings.ts';
import { createUploadEvents } from './events/upload-events.ts';
import type { Faults } from './faults.ts';
import { probeMetaData } from './metadata.ts';
import type { SourceOptions } from './pull/open-source.ts';
import { createPulls, type PullsOptions } from './pull/pulls.ts';
import type { TransferTimes } from './pull/transfer-clock.ts';
import type { EventConfig, State } from './state.ts';
import type { ObjectStore } from './storage/objects.ts';
import { createSessionCommit } from './ugc/commit.ts';
import type { UgcDependencies } from './ugc/dependencies.ts';

/** What is the same for every application of an account. */
export interface ApplicationSettings {
  /** Scheme, host and port under which media are played, without a slash at the end. */
  readonly origin: string;
  /** Where event notifications are sent, until ModifyEventConfig says another address. */
  readonly callbackUrl: string;
  /** How events leave, until ModifyEventConfig says otherwise; `PUSH` by default. */
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
  /** What PullEvents says where there is none; `null` by default. */
  readonly emptyQueue?: EmptyQueueAnswer;
  /** How PullUpload finds and reads its sources. The samples are found unless `resolve` says otherwise. */
  readonly pull?: Partial<SourceOptions> & TransferTimes & Pick<PullsOptions, 'parallel'>;
}

/** What one application is served with. */
interface ApplicationOptions extends ApplicationSettings, Pick<SourceOptions, 'resolve'> {
  /** As the application sees it. */
  readonly account: Account;
  readonly state: State;
  readonly objects: ObjectStore;
  readonly now: () => Date;
}

/** Returns what serves one application, which sees nothing of the others but the account's storage. */
export function openApplication(options: ApplicationOptions): ApiServices {
  const { state, objects, now, resolve } = options;
  const settings = createEventSettings(options);
  const queue = createEventQueue(options);
  const events = createUploadEvents({ ...options, settings, queue });
  const ugc: UgcDependencies = {
    ...options,
    ...{ now, state, objects },
    probe: (object) => probeMetaData(object, objects.read),
    recordUpload: events.recordUpload,
    startRecorded: events.start,
  };
  const commitOnce = createSessionCommit();
  return {
    ...{ ...ugc, objects, settings, queue, events },
    pulls: createPulls({ ...ugc, ...options.pull, objects, events, resolve }),
    emptyQueue: options.emptyQueue ?? 'null',
    commitSession: (session) => commitOnce(ugc, session),
  };
}
