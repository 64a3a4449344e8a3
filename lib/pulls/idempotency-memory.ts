import { Problem } from '../problem.ts';

/** What an instance remembers of requests with an idempotency key. */
export interface IdempotencyMemory<Result> {
  /**
   * Returns what `perform` returns, or what it returned to the same request before. A failure is forgotten, so that the
   * next request is performed anew.
   *
   * @param id of the owner's key.
   * @param fingerprint of the request: the same key stands for one request only.
   * @throws {Problem} `idempotency_conflict` where the key came with another request.
   */
  recall(id: string, fingerprint: string, perform: () => Promise<Result>): Promise<Result>;
}

/** Requests that an instance remembers; the oldest gives way. */
const REMEMBERED_REQUESTS = 10_000;

/** Returns a memory that is empty, and ends with its instance. */
export function createIdempotencyMemory<Result>(): IdempotencyMemory<Result> {
  const requests = new Map<string, { fingerprint: string; result: Promise<Result> }>();
  return {
    recall(id, fingerprint, perform) {
      const known = requests.get(id);
      if (known !== undefined) {
        return known.fingerprint === fingerprint
          ? known.result
          : Promise.reject(idempotencyConflict());
      }
      forgetOldest(requests);
      const result = perform();
      requests.set(id, { fingerprint, result });
      result.catch(() => requests.delete(id));
      return result;
    },
  };
}

function forgetOldest(requests: Map<string, unknown>): void {
  if (requests.size < REMEMBERED_REQUESTS) return;
  for (const oldest of requests.keys()) {
    requests.delete(oldest);
    return;
  }
}

/** Returns the problem of a key that stands for another request. */
export function idempotencyConflict(): Problem {
  return new Problem(
    'The idempotency key came with another request before: use a new key for a new pull.',
    { code: 'idempotency_conflict' },
  );
}
