import { setMaxListeners } from 'node:events';
import type { ActivityLog } from '../../activity.ts';
import type { UploadEvents } from '../events/upload-events.ts';
import { createFifo } from '../fifo.ts';
import { isoTimeOf } from '../new-media.ts';
import type { Media, Pull, State } from '../state.ts';
import { PullFailure } from './pull-failure.ts';
import { buildPullTask } from './pull-task.ts';
import { bringMedia, type PulledMediaOptions } from './pulled-media.ts';

/** Dependencies of pulls. */
export interface PullsOptions extends PulledMediaOptions {
  readonly state: State;
  readonly events: Pick<UploadEvents, 'recordPull' | 'start'>;
  readonly activity: ActivityLog;
  /** How many sources are read in parallel; 16 by default. The service's own number is not documented. */
  readonly parallel?: number;
}

/** The pulls in the state. */
export interface Pulls {
  /** Adds a new pull to the state; the caller saves it and then calls `start`. */
  record(pull: Pull): void;
  /** Starts waiting pulls, up to the limit. */
  start(): void;
  /** Returns `PullUploadTask` of a pull in its present state. */
  describe(pull: Pull): Readonly<Record<string, unknown>>;
  /** Aborts running pulls; they begin again from the start when the state is opened again. */
  close(): Promise<void>;
}

/** The result of a pull. */
interface Outcome {
  readonly media: Media | undefined;
  readonly errCode: number;
  readonly message: string;
}

/** https://cloud.tencent.com/document/product/266/33431: tasks of the last three days can be queried. */
const ASKABLE_SECONDS = 259_200;
const DEFAULT_PARALLEL = 16;
/** Progress between two lines in the list of activities. */
const REPORTED_PERCENT = 25;

/** Returns the pulls in the state; those that a restart has interrupted begin again. */
export function createPulls(options: PullsOptions): Pulls {
  const { state, parallel = DEFAULT_PARALLEL } = options;
  const closing = new AbortController();
  // Each running pull listens to it.
  setMaxListeners(0, closing.signal);
  const progress = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  const waiting = createFifo<string>();
  for (const { taskId, status } of state.pulls.values()) {
    if (status !== 'FINISH') waiting.add(taskId);
  }

  const start = () => {
    while (running.size < parallel && !closing.signal.aborted) {
      const taskId = waiting.take();
      if (taskId === undefined) return;
      const run = runPull(options, taskId, progress, closing.signal).finally(() => {
        progress.delete(taskId);
        running.delete(taskId);
        start();
      });
      running.set(taskId, run);
    }
  };

  return {
    start,
    record(pull) {
      state.pulls.set(pull.taskId, pull);
      waiting.add(pull.taskId);
      report(options, pull, 0);
    },
    describe: (pull) =>
      pull.task ?? buildPullTask(pull, undefined, progress.get(pull.taskId) ?? 0, state.classes),
    async close() {
      closing.abort();
      await Promise.all(running.values());
    },
  };
}

/** Runs a pull to its end; never rejects. */
async function runPull(
  options: PullsOptions,
  taskId: string,
  progress: Map<string, number>,
  closing: AbortSignal,
): Promise<void> {
  const { state, now } = options;
  const found = state.pulls.get(taskId);
  if (found === undefined) return;
  const pull: Pull = { ...found, status: 'PROCESSING', beginTime: isoTimeOf(now()) };
  state.pulls.set(taskId, pull);
  report(options, pull, 0);
  // A pull whose start is not saved begins again after a restart, like every running one.
  await state.save().catch(() => undefined);
  const advance = (percent: number) => {
    const before = progress.get(taskId) ?? 0;
    progress.set(taskId, percent);
    const stepped = Math.floor(percent / REPORTED_PERCENT) > Math.floor(before / REPORTED_PERCENT);
    if (stepped && percent < 100) report(options, pull, percent);
  };
  const outcome = await bringMedia(options, pull, advance, closing).then(
    (media): Outcome => ({ media, errCode: 0, message: 'SUCCESS' }),
    describeFailure,
  );
  if (closing.aborted && outcome.media === undefined) return;
  finish(options, pull, outcome);
  await state.save().catch(() => undefined);
  options.events.start();
}

/** Records the end of a pull in the state: its media or its failure, and its event. */
function finish(options: PullsOptions, pull: Pull, { media, errCode, message }: Outcome): void {
  const { state, now, events, activity } = options;
  const progress = media === undefined ? 0 : 100;
  const finished: Pull = {
    ...pull,
    ...{ errCode, message, status: 'FINISH', fileId: media?.fileId ?? '' },
    finishTime: isoTimeOf(now()),
    expiresAt: Math.floor(now().getTime() / 1_000) + ASKABLE_SECONDS,
  };
  const task = buildPullTask(finished, media, progress, state.classes);
  if (media !== undefined) state.media.set(media.fileId, media);
  state.pulls.set(pull.taskId, { ...finished, task });
  events.recordPull(finished, task, media);
  report(options, finished, progress);
  if (media === undefined) return;
  const { fileId, name, mediaUrl, coverUrl, metaData } = media;
  activity.report({ type: 'media', fileId, name, mediaUrl, coverUrl, metaData });
}

function describeFailure(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  const errCode = error instanceof PullFailure ? error.errCode : 70_000;
  return { media: undefined, errCode, message };
}

function report({ activity }: PullsOptions, pull: Pull, progress: number): void {
  const { taskId, status, errCode, message, fileId } = pull;
  const { host, pathname } = new URL(pull.mediaUrl);
  activity.report({
    ...{ type: 'pull', taskId, status, progress, url: `${host}${pathname}` },
    ...(status === 'FINISH' ? { errCode, message } : {}),
    ...(fileId === '' ? {} : { fileId }),
  });
}
