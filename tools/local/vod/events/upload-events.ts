import { randomUUID } from 'node:crypto';
import type { Media, State, UploadSession } from '../state.ts';
import { buildEventContent, type EventType } from './event-content.ts';
import { buildFileUpload } from './file-upload.ts';
import { createNotifier, type NotifierOptions } from './notifier.ts';
import { createProcedureRunner } from './procedure-runner.ts';
import { PROCEDURE_STEPS } from './procedure-task.ts';

/** What the events of uploads need. */
export interface UploadEventsOptions extends NotifierOptions {
  readonly state: State;
  /** How long a simulated processing flow takes; 3,000 by default. */
  readonly procedureMilliseconds?: number;
}

/** What follows an upload: its event, then the events of its processing flow. */
export interface UploadEvents {
  /** Puts what follows into the state, to be saved together with the media. */
  recordUpload(media: Media, session: UploadSession): void;
  /** Goes on with all that the state has to be done; for once it is saved. */
  start(): void;
  /** Breaks off; the state knows what is left to do. */
  close(): Promise<void>;
}

const DEFAULT_PROCEDURE_MILLISECONDS = 3_000;

/** Answers the events of uploads, sent as push notifications in the order they came about. */
export function createUploadEvents(options: UploadEventsOptions): UploadEvents {
  const { state, procedureMilliseconds = DEFAULT_PROCEDURE_MILLISECONDS } = options;
  const notifier = createNotifier(options);
  const add = (
    eventType: EventType,
    fileId: string,
    payload: Readonly<Record<string, unknown>>,
  ) => {
    const id = randomUUID();
    const event = buildEventContent(eventType, payload);
    state.notifications.set(id, { id, eventType, fileId, event });
  };
  const procedures = createProcedureRunner({
    ...options,
    stepMilliseconds: procedureMilliseconds / PROCEDURE_STEPS.length,
    notify: (media, task) => add('ProcedureStateChanged', media.fileId, task),
    saved: notifier.wake,
  });
  return {
    recordUpload(media, session) {
      add('NewFileUpload', media.fileId, buildFileUpload(media));
      procedures.record(media, session);
    },
    start() {
      notifier.wake();
      procedures.start();
    },
    async close() {
      procedures.close();
      await notifier.close();
    },
  };
}
