import { type Problem, ProblemError, toProblem } from '../stack/problem.ts';
import type { LocalStack, PullFields } from '../stack/stack-client.ts';
import { type PullOutcome, refuseUnreadable } from './pull-outcome.ts';

/** The result of sending: an outcome for each pull, or the problem of the whole request. */
export type Sending = { readonly outcomes: readonly PullOutcome[] } | { readonly problem: Problem };

/** Statuses that are about the caller or the request, and not about its one URL. */
const ABOUT_THE_REQUEST: readonly number[] = [401, 403, 404, 405, 413];

/** Sends one pull as a single request, several as a batch; never rejects. */
export async function sendPulls(stack: LocalStack, pulls: readonly PullFields[]): Promise<Sending> {
  const [first, ...rest] = pulls;
  if (first === undefined) return { outcomes: [] };
  try {
    if (rest.length === 0) return { outcomes: [await stack.pullOne(first)] };
    const outcomes = await stack.pullMany(pulls);
    return { outcomes: pulls.map((_, place) => outcomes[place] ?? refuseUnreadable()) };
  } catch (error) {
    const problem = asProblem(error);
    const isOfItem = rest.length === 0 && !ABOUT_THE_REQUEST.includes(problem.status);
    return isOfItem ? { outcomes: [{ kind: 'refused', problem }] } : { problem };
  }
}

/**
 * Returns the requests for `urls`.
 *
 * Each of several URLs has its own key, derived from the common key and the URL, so that it stays the same if only some
 * of them are sent again.
 */
export async function buildPulls(
  urls: readonly string[],
  settings: Omit<PullFields, 'mediaUrl'>,
): Promise<readonly PullFields[]> {
  const { idempotencyKey } = settings;
  if (idempotencyKey === undefined || urls.length === 1) {
    return urls.map((mediaUrl) => ({ mediaUrl, ...settings }));
  }
  return Promise.all(
    urls.map(async (mediaUrl) => ({
      mediaUrl,
      ...settings,
      idempotencyKey: `${idempotencyKey}/${await digest(mediaUrl)}`,
    })),
  );
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  const hex = [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0'));
  return hex.join('').slice(0, 16);
}

function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const title = 'No answer from the stack';
  const detail =
    'Whether anything was sent is not known. Under an idempotency key the same can be sent again without pulling twice.';
  return toProblem({ title, detail }, 503);
}
