import { createLocalJWKSet } from 'jose/jwks/local';
import { Problem } from '../problem.ts';

/** Keys of an issuer, ready to be searched. */
export type KeySet = ReturnType<typeof createLocalJWKSet>;

/** Seconds after which a key set that could not be had is asked for again; callers are told to come again then. */
export const RETRY_SECONDS = 5;

/** Longest wait for the whole answer in milliseconds: callers wait for it within their function's own time. */
const ANSWER_MILLISECONDS = 2_500;

/** Largest set that is read, in bytes; a key has one or two kilobytes. */
const MAX_SET_BYTES = 256 * 1024;

/**
 * Answers the key set at `url`: https://www.rfc-editor.org/rfc/rfc7517#section-5.
 *
 * Redirections are not followed, since only `url` itself was found to be safe.
 *
 * @throws {Problem} `identity_unavailable` that says what became of the call, and nothing of the answer.
 */
export async function fetchKeySet(url: string): Promise<KeySet> {
  const response = await fetch(url, {
    headers: { Accept: 'application/jwk-set+json, application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  }).catch((error: unknown) => {
    throw refuseForNow(explainFailure(error), error);
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw refuseForNow(`the answer was ${response.status}`);
  }
  const text = await readText(response);
  try {
    return createLocalJWKSet(JSON.parse(text));
  } catch (error) {
    throw refuseForNow('the answer is no JSON Web Key Set', error);
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_SET_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw refuseForNow(explainFailure(error), error);
  }
  if (bytes > MAX_SET_BYTES) throw refuseForNow(`the answer has more than ${MAX_SET_BYTES} bytes`);
  return Buffer.concat(chunks).toString();
}

/** Answers the problem of callers whose tokens cannot be checked, for a `reason` that goes on from a colon. */
export function refuseForNow(reason: string, cause?: unknown): Problem {
  return new Problem(`The keys of the token's issuer cannot be had now: ${reason}.`, {
    code: 'identity_unavailable',
    cause,
    headers: { 'Retry-After': String(RETRY_SECONDS) },
  });
}

function explainFailure(error: unknown): string {
  return error instanceof Error && error.name === 'TimeoutError'
    ? `there was no answer within ${ANSWER_MILLISECONDS / 1_000} seconds`
    : 'the connection failed';
}
