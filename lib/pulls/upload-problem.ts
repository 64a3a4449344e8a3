import { describeProblem, type ProblemDetails } from '../problem.ts';

/** Why an upload came to nothing, as it is kept with it. */
export type UploadProblem = Omit<ProblemDetails, 'requestId'>;

/** Returns what is kept of `error`: all that its caller was told, and nothing of the call that told it. */
export function toUploadProblem(error: unknown): UploadProblem {
  const { requestId: _, ...problem } = describeProblem(error, '');
  return problem;
}
