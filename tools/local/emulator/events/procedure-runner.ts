import { setMaxListeners } from 'node:events';
import type { ActivityLog } from '../../activity.ts';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { KnownNames } from '../known-names.ts';
import { isoTimeOf } from '../new-media.ts';
import type { Media, ProcedureRun, State } from '../state.ts';
import { buildProcedureTask, buildSpeech, PROCEDURE_STEPS } from './procedure-task.ts';

/** Dependencies of the simulation of processing flows. */
export interface ProcedureRunnerOptions {
  readonly state: Pick<State, 'media' | 'procedures' | 'finishedProcedures' | 'save'>;
  readonly activity: ActivityLog;
  readonly faults: Faults;
  readonly names: Pick<KnownNames, 'hasProcedure'>;
  readonly clock: Pick<Clock, 'now' | 'wait'>;
  /** Duration of each step of a flow. */
  readonly stepMilliseconds: number;
  /** Records a `ProcedureTask` for a notification. */
  notify(media: Media, task: Readonly<Record<string, unknown>>): void;
  /** Called when recorded notifications are saved. */
  saved(): void;
}

/** A requested flow. */
export type ProcedureWish = Omit<ProcedureRun, 'fileId' | 'stepsDone' | 'beginTime' | 'task'>;

/** Runs the simulated flows in the state. */
export interface ProcedureRunner {
  /** Adds a flow to the state. */
  record(media: Media, wish: ProcedureWish): void;
  /** Starts every flow that is not running. */
  start(): void;
  /** Stops all flows; the state has their progress. */
  close(): void;
}

/** https://cloud.tencent.com/document/product/266/33431: tasks of the last three days can be queried. */
const ASKABLE_SECONDS = 259_200;

const DEFAULT_SPEECH_BYTES = 1_000_000;

function isNotified(run: ProcedureRun, finished: boolean): boolean {
  return run.taskNotifyMode === 'Change' || (run.taskNotifyMode === 'Finish' && finished);
}

/** Performs one step of a flow, in the state and on the list of activities; returns false if there is none left. */
function takeStep(options: ProcedureRunnerOptions, taskId: string): boolean {
  const { state, activity, faults, clock } = options;
  const run = state.procedures.get(taskId);
  const media = run && state.media.get(run.fileId);
  const step = run && PROCEDURE_STEPS[run.stepsDone];
  if (run === undefined || media === undefined || step === undefined) {
    state.procedures.delete(taskId);
    return false;
  }
  const finished = step.status === 'FINISH';
  const time = clock.now();
  const long = finished ? faults.take('long-result') : undefined;
  const speech = long && buildSpeech(long.value ?? DEFAULT_SPEECH_BYTES);
  const described = buildProcedureTask(options.names, run, media, step, isoTimeOf(time));
  const task = { ...described, ...speech };
  const taken = { ...run, stepsDone: run.stepsDone + 1, task: { ...task } };
  if (finished) {
    const expiresAt = Math.floor(time.getTime() / 1_000) + ASKABLE_SECONDS;
    state.finishedProcedures.set(taskId, {
      ...{ ...taken, expiresAt },
      finishTime: isoTimeOf(time),
    });
    state.procedures.delete(taskId);
  } else {
    state.procedures.set(taskId, taken);
  }
  const { fileId, procedure } = run;
  activity.report({
    type: 'procedure',
    simulated: true,
    taskId,
    fileId,
    procedure,
    status: step.status,
  });
  if (isNotified(run, finished)) {
    options.notify(media, task);
  }
  return !finished;
}

/** Returns the simulation of processing flows: nothing is transcoded, time passes and events are made. */
export function createProcedureRunner(options: ProcedureRunnerOptions): ProcedureRunner {
  const { state, stepMilliseconds, clock } = options;
  const closing = new AbortController();
  // Each running flow listens to it.
  setMaxListeners(0, closing.signal);
  const waiting = new Set(state.procedures.keys());

  const run = async (taskId: string) => {
    const what = 'a step of a processing flow';
    // A clock that is moved far enough ends all steps, not only the present one.
    let late = 0;
    for (let more = true; more; ) {
      const left = stepMilliseconds - late;
      late = await clock.wait(left, { signal: closing.signal, ref: false, what });
      more = takeStep(options, taskId);
      // A step that cannot be saved is repeated after a restart.
      await state.save().catch(() => {});
      options.saved();
    }
  };

  return {
    record(media, wish) {
      const beginTime = isoTimeOf(clock.now());
      waiting.add(wish.taskId);
      state.procedures.set(wish.taskId, {
        ...{ ...wish, fileId: media.fileId },
        ...{ stepsDone: 0, beginTime, task: null },
      });
    },
    start() {
      for (const taskId of waiting) {
        waiting.delete(taskId);
        run(taskId).catch(() => {});
      }
    },
    close: () => closing.abort(),
  };
}
