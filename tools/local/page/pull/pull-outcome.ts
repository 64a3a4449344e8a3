import { isRecord, type Problem, toProblem } from '../stack/problem.ts';

/** The pull function's result for one URL. */
export type PullOutcome =
  | { readonly kind: 'sending' }
  | {
      readonly kind: 'sent';
      readonly uploadId: string;
      /** Null if VOD had already accepted the pull, and does not return its task again. */
      readonly taskId: string | null;
    }
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** There was no time for it: it can be sent again unchanged. */
  | { readonly kind: 'unsent'; readonly detail: string };

const PLACE = /^items\.\d+\.?/;

/** Reads the answer to one pull, or to one item of many. */
export function readPullOutcome(answer: unknown): PullOutcome {
  if (!isRecord(answer)) return refuseUnreadable();
  const { uploadId, taskId, problem, queued, detail } = answer;
  if (isRecord(problem)) return { kind: 'refused', problem: readItemProblem(problem) };
  if (queued === false) return { kind: 'unsent', detail: typeof detail === 'string' ? detail : '' };
  if (typeof uploadId !== 'string') return refuseUnreadable();
  return { kind: 'sent', uploadId, taskId: typeof taskId === 'string' ? taskId : null };
}

/** Reads the answer to many pulls. */
export function readPullOutcomes(answer: unknown): readonly PullOutcome[] {
  const items = isRecord(answer) ? answer['items'] : undefined;
  return Array.isArray(items) ? items.map(readPullOutcome) : [];
}

function readItemProblem(body: Readonly<Record<string, unknown>>): Problem {
  const { status } = body;
  const problem = toProblem(body, typeof status === 'number' ? status : 0);
  // The index in the batch is useless next to the line itself.
  const errors = problem.errors.map(({ path, message }) => ({
    path: path.replace(PLACE, ''),
    message,
  }));
  return { ...problem, errors };
}

/** Returns the outcome of an item that the answer does not have. */
export function refuseUnreadable(): PullOutcome {
  const detail = 'The answer says nothing about this URL.';
  return { kind: 'refused', problem: toProblem({ title: 'No answer', detail }, 502) };
}
