import { Problem } from '../problem.ts';
import {
  type KeySet,
  type KeySetFault,
  readKeySet,
  showKeySetUrl,
  WHERE_KEYS_ARE,
} from './read-key-set.ts';

/** Seconds after which a key set that could not be had is asked for again; callers are told to come again then. */
export const RETRY_SECONDS = 5;

/** Longest wait for the whole answer in milliseconds: callers wait for it within their function's own time. */
const ANSWER_MILLISECONDS = 2_500;

/** Largest set that is read, in bytes; a key has one or two kilobytes. */
const MAX_SET_BYTES = 256 * 1024;

/** Responses of a client's error that pass by themselves: https://www.rfc-editor.org/rfc/rfc9110#section-15.5, https://www.rfc-editor.org/rfc/rfc8470#section-5.2, https://www.rfc-editor.org/rfc/rfc6585#section-4 */
const PASSING_STATUSES: readonly number[] = [408, 425, 429];

/**
 * Returns the key set at `url`: https://www.rfc-editor.org/rfc/rfc7517#section-5. Where there is none, and will be none
 * however often one asks, it returns what is there.
 *
 * Redirections are not followed, since only `url` itself was found to be safe.
 *
 * @throws {Problem} `identity_unavailable` that says why nobody can tell now, and nothing of the answer.
 */
export async function fetchKeySet(
  url: string,
): Promise<{ readonly keys: KeySet } | { readonly fault: KeySetFault }> {
  const response = await fetch(url, {
    headers: { Accept: 'application/jwk-set+json, application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  }).catch((error: unknown) => {
    throw refuseForNow(explainFailure(error), error);
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    return { fault: explainStatus(url, response) };
  }
  const text = await readText(response);
  if (text !== undefined) return readKeySet(text);
  const what = `leads to more than ${MAX_SET_BYTES} bytes, which no key set has`;
  return { fault: { what, instead: WHERE_KEYS_ARE } };
}

/** Returns the problem of callers whose tokens cannot be checked, for a `reason` that follows a colon. */
export function refuseForNow(reason: string, cause?: unknown): Problem {
  return new Problem(`The keys of the token's issuer cannot be had now: ${reason}.`, {
    code: 'identity_unavailable',
    cause,
    headers: { 'Retry-After': String(RETRY_SECONDS) },
  });
}

function explainStatus(url: string, { status, headers }: Response): KeySetFault {
  if (status >= 500 || PASSING_STATUSES.includes(status)) {
    throw refuseForNow(`the answer was ${status}`);
  }
  if (status < 300 || status >= 400) return { what: `answers ${status}`, instead: WHERE_KEYS_ARE };
  const what = `sends elsewhere (${status}), and redirections are not followed`;
  const target = readLocation(url, headers.get('location'));
  const found = target === undefined ? '' : `, perhaps ${target}`;
  return { what, instead: `the address that has the keys itself${found}` };
}

/** Returns where an answer sends to. What follows the question mark may be of one visit only. */
function readLocation(url: string, location: string | null): string | undefined {
  if (location === null || !URL.canParse(location, url)) return undefined;
  const { origin, pathname } = new URL(location, url);
  return showKeySetUrl(`${origin}${pathname}`);
}

/** Returns the text of an answer, or undefined where it is longer than any key set. */
async function readText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_SET_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch (error) {
    throw refuseForNow(explainFailure(error), error);
  }
  // Takes a byte order mark off.
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function explainFailure(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `there was no answer within ${ANSWER_MILLISECONDS / 1_000} seconds`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
  return `the connection failed${code}`;
}
