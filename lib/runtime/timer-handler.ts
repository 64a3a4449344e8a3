import { describeProblem, type ProblemDetails } from '../problem.ts';
import {
  beginInvocation,
  endInvocation,
  type Invocation,
  openOnce,
  toErrorLogFields,
} from './invocation.ts';

/**
 * What a timer starts. What it adds to the invocation's log ends in its line; what it returns goes out as JSON. `message`
 * is the event's `Message`, empty where it has none: https://cloud.tencent.com/document/product/583/9708.
 */
export type Job = (invocation: Invocation, message: string) => Promise<unknown>;

/** The answer of a run that could not be made. */
interface FailedRun {
  readonly problem: ProblemDetails;
}

/** The SCF entry point of a function behind a timer: https://cloud.tencent.com/document/product/583/9708. */
export type TimerHandler = (event: unknown, context: unknown) => Promise<unknown>;

/**
 * Returns the entry point that does `open`'s job and writes one log line per run. It never rejects, since the platform
 * would repeat the run beside the timer's next one: a run that failed says so at the level `error` of its line, and in
 * its answer.
 *
 * @param open makes the job at the first run, so that a wrong environment is a logged answer and not a function that
 * cannot be loaded.
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
