import { describeProblem, type ProblemDetails } from '../problem.ts';
import {
  beginInvocation,
  endInvocation,
  type Invocation,
  openOnce,
  toErrorLogFields,
} from './invocation.ts';

/**
 * The job that a timer starts. Fields that it adds to the invocation's log are logged; its result is sent as JSON.
 * `message` is the event's `Message`, empty if there is none: https://cloud.tencent.com/document/product/583/9708.
 */
export type Job = (invocation: Invocation, message: string) => Promise<unknown>;

/** The answer of a run that failed. */
interface FailedRun {
  readonly problem: ProblemDetails;
}

/** The SCF entry point of a function behind a timer: https://cloud.tencent.com/document/product/583/9708. */
export type TimerHandler = (event: unknown, context: unknown) => Promise<unknown>;

/**
 * Creates the entry point that does the job of `open` and writes one log line per run. It never rejects, since the
 * platform would then repeat the run in addition to the timer's next one: a failed run is reported in its answer, and
 * in its log line at level `error`.
 *
 * @param open creates the job at the first run, so that a wrong environment results in a logged answer and not in a
 * function that cannot be loaded.
 */
export function timerHandler(name: string, open: () => Job): TimerHandler {
  const job = openOnce(open);
  return async (event, context) => {
    const invocation = beginInvocation(name, context);
    try {
      return await job()(invocation, readMessage(event));
    } catch (error) {
      Object.assign(invocation.log, toErrorLogFields(error), { level: 'error' });
      const failed: FailedRun = { problem: describeProblem(error, invocation.requestId) };
      return failed;
    } finally {
      endInvocation(invocation);
    }
  };
}

function readMessage(event: unknown): string {
  const message: unknown = Reflect.get(Object(event), 'Message');
  return typeof message === 'string' ? message : '';
}
