import { randomUUID } from 'node:crypto';
import type { Media, ProcessingWish, Pull, State } from '../state.ts';
import { buildEventContent, type EventType } from './event-content.ts';
import type { EventQueue } from './event-queue.ts';
import type { EventSettings } from './event-settings.ts';
import { buildFileUpload } from './file-upload.ts';
import { createNotifier, type NotifierOptions } from './notifier.ts';
import { createProcedureRunner, type ProcedureWish } from './procedure-runner.ts';
import { PROCEDURE_STEPS } from './procedure-task.ts';

/** What the events of an application need. */
export interface UploadEventsOptions extends Omit<NotifierOptions, 'target'> {
  readonly state: State;
  readonly settings: EventSettings;
  readonly queue: EventQueue;
  /** How long a simulated processing flow takes; 3,000 by default. */
  readonly procedureMilliseconds?: number;
}

/** What follows from what happens to media: events, and the events of processing flows. */
export interface UploadEvents {
  /** Puts what follows an upload or a recording into the state, to be saved together with the media. */
  recordUpload(media: Media, wish: ProcessingWish): void;
  /** The same for the end of a PullUpload: `task` is its `PullUploadTask`, `media` what came of it. */
  recordPull(pull: Pull, task: Readonly<Record<string, unknown>>, media: Media | undefined): void;
  /** The same for a deletion; `parts` as they were named, none for everything. */
  recordDeletion(fileId: string, parts: readonly DeletedPart[]): void;
  /** The same for a flow that was asked for. */
  recordProcedure(media: Media, wish: ProcedureWish): void;
  /** Goes on with all that the state has to be done; for once it is saved. */
  start(): void;
  /** Breaks off; the state knows what is left to do. */
  close(): Promise<void>;
}

/** A kind of file that was deleted: `MediaDeleteItem`. */
interface DeletedPart {
  readonly Type: string;
  readonly Definition: number;
}

const DEFAULT_PROCEDURE_MILLISECONDS = 3_000;

/** Returns what puts one event where the application wants it: to be sent, or to be pulled. */
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
 * Returns the events of an application, in the order they came about. Which of them a switch stops is documented for
 * `NewFileUpload` and `FileDeleted`; that no switch stops `PullComplete` is our guess, and that a pulled media makes no
 * `NewFileUpload` too. What was recorded before the mode changed keeps its way.
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
