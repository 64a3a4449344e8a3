import { randomUUID } from 'node:crypto';
import type { KnownNames } from '../known-names.ts';
import type { Media, ProcessingWish, Pull, State } from '../state.ts';
import { buildEventContent, type EventType } from './event-content.ts';
import type { EventQueue } from './event-queue.ts';
import type { EventSettings } from './event-settings.ts';
import { buildFileUpload } from './file-upload.ts';
import { createNotifier, type NotifierOptions } from './notifier.ts';
import { createProcedureRunner, type ProcedureWish } from './procedure-runner.ts';
import { PROCEDURE_STEPS } from './procedure-task.ts';

/** Dependencies of an application's events. */
export interface UploadEventsOptions extends Omit<NotifierOptions, 'target'> {
  readonly state: State;
  readonly settings: EventSettings;
  readonly queue: EventQueue;
  readonly names: Pick<KnownNames, 'hasProcedure'>;
  /** How long a simulated processing flow takes; 3,000 by default. */
  readonly procedureMilliseconds?: number;
}

/** The consequences of changes to media: events, and processing flows with their events. */
export interface UploadEvents {
  /** Adds the consequences of an upload or a recording to the state, which the caller saves together with the media. */
  recordUpload(media: Media, wish: ProcessingWish): void;
  /** The same for the end of a PullUpload: `task` is its `PullUploadTask`, `media` its result. */
  recordPull(pull: Pull, task: Readonly<Record<string, unknown>>, media: Media | undefined): void;
  /** The same for a deletion; `parts` are those of the request, empty for the whole media. */
  recordDeletion(fileId: string, parts: readonly DeletedPart[]): void;
  /** The same for a requested flow. */
  recordProcedure(media: Media, wish: ProcedureWish): void;
  /** Continues all work in the state; called after the state was saved. */
  start(): void;
  /** Interrupts the work; the state has what is left to do. */
  close(): Promise<void>;
}

/** A kind of file that was deleted: `MediaDeleteItem`. */
interface DeletedPart {
  readonly Type: string;
  readonly Definition: number;
}

const DEFAULT_PROCEDURE_MILLISECONDS = 3_000;

/** Returns the function that records one event for the application's mode: to be sent, or to be pulled. */
function createRecorder({ state, settings, queue }: UploadEventsOptions) {
  return (eventType: EventType, fileId: string, payload: Readonly<Record<string, unknown>>) => {
    const { mode, uploadSwitch, deleteSwitch } = settings.read();
    if (eventType === 'NewFileUpload' && uploadSwitch === 'OFF') return;
    if (eventType === 'FileDeleted' && deleteSwitch === 'OFF') return;
    const id = randomUUID();
    const event = buildEventContent(eventType, payload);
    if (mode === 'PULL') queue.add(id, eventType, event);
    else state.notifications.set(id, { id, eventType, fileId, event });
  };
}

/**
 * Returns the events of an application, in their order of time. For `NewFileUpload` and `FileDeleted`, the switch that
 * stops them is documented. That no switch stops `PullComplete`, and that a pulled media causes no `NewFileUpload`, are
 * our guesses. Events that were recorded before the mode changed are delivered in the old mode.
 */
export function createUploadEvents(options: UploadEventsOptions): UploadEvents {
  const { state, settings, queue } = options;
  const { procedureMilliseconds = DEFAULT_PROCEDURE_MILLISECONDS } = options;
  const notifier = createNotifier({ ...options, target: settings.target });
  const wake = () => {
    notifier.wake();
    queue.wake();
  };
  const record = createRecorder(options);
  const procedures = createProcedureRunner({
    ...options,
    stepMilliseconds: procedureMilliseconds / PROCEDURE_STEPS.length,
    notify: (media, task) => record('ProcedureStateChanged', media.fileId, task),
    saved: wake,
  });
  return {
    recordUpload(media, wish) {
      const { procedure, taskPriority, taskNotifyMode, sessionContext } = wish;
      record('NewFileUpload', media.fileId, buildFileUpload(media, state.classes));
      if (procedure === null) return;
      procedures.record(media, {
        ...{ taskId: media.procedureTaskId, procedure, taskPriority, taskNotifyMode },
        ...{ sessionContext: sessionContext ?? '', sessionId: '' },
      });
    },
    recordPull(pull, task, media) {
      const { procedure, taskPriority, sessionContext } = pull;
      record('PullComplete', pull.fileId, task);
      if (procedure === null || media === undefined) return;
      procedures.record(media, {
        ...{ taskId: media.procedureTaskId, procedure, taskPriority, taskNotifyMode: 'Finish' },
        ...{ sessionContext, sessionId: '' },
      });
    },
    recordDeletion(fileId, parts) {
      record('FileDeleted', fileId, {
        FileIdSet: [fileId],
        FileDeleteResultInfo: [{ FileId: fileId, DeleteParts: parts }],
      });
    },
    recordProcedure: procedures.record,
    start() {
      wake();
      procedures.start();
    },
    async close() {
      procedures.close();
      queue.close();
      await notifier.close();
    },
  };
}
