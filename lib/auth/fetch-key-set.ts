import type { Exchanged } from '../net/exchange.ts';
import { Problem } from '../problem.ts';
import {
  type KeySet,
  type KeySetFault,
  readKeySet,
  showKeySetUrl,
  WHERE_KEYS_ARE,
} from './read-key-set.ts';

/** Seconds after which a key set that could not be fetched is requested again, and callers are to retry. */
export const RETRY_SECONDS = 5;

/** Longest wait for the whole answer in milliseconds: callers wait for it within their function's time limit. */
export const KEY_SET_MILLISECONDS = 2_500;

/** Largest set that is read, in bytes; a key has one or two kilobytes. */
const MAX_SET_BYTES = 256 * 1024;

/** Some firewalls refuse requests without a user agent. */
const HEADERS = {
  Accept: 'application/jwk-set+json, application/json',
  'User-Agent': 'node',
};

type Answer = Exclude<Exchanged, { readonly kind: 'failed' }>;

/**
 * Returns the key set at `url`: https://www.rfc-editor.org/rfc/rfc7517#section-5. If there is permanently none, it
 * returns what is there instead.
 *
 * Redirections are not followed, since only `url` itself was checked.
 *
 * @throws {Problem} `identity_unavailable` that says why tokens cannot be checked now, without quoting the answer.
 */
export async function fetchKeySet(
  url: string,
): Promise<{ readonly keys: KeySet } | { readonly fault: KeySetFault }> {
  // Most functions verify tokens by a shared secret, or never need the keys: the HTTP modules of Node.js take a while
  // to load.
  const { exchange, isTransientStatus } = await import('../net/exchange.ts');
  const exchanged = await exchange({
    url,
    headers: HEADERS,
    timeLimit: KEY_SET_MILLISECONDS,
    maxBytes: MAX_SET_BYTES,
    wantsBody: (status) => status === 200,
  });
  if (exchanged.kind === 'failed') throw refuseForNow(explainFailure(exchanged.error));
  const { status } = exchanged;
  if (isTransientStatus(status)) throw refuseForNow(`the answer was ${status}`);
  if (status !== 200) return { fault: explainStatus(url, exchanged) };
  const text = await readText(exchanged);
  if (text !== undefined) return readKeySet(text);
  const what = `returns more than ${MAX_SET_BYTES} bytes, which no key set has`;
  return { fault: { what, instead: WHERE_KEYS_ARE } };
}

/** Returns the problem of callers whose tokens cannot be checked, for a `reason` that follows a colon. */
export function refuseForNow(reason: string, cause?: unknown): Problem {
  return new Problem(`The keys of the token's issuer cannot be fetched now: ${reason}.`, {
    code: 'identity_unavailable',
    cause,
    headers: { 'Retry-After': String(RETRY_SECONDS) },
  });
}

function explainStatus(url: string, { status, headers }: Answer): KeySetFault {
  if (status < 300 || status >= 400) return { what: `answers ${status}`, instead: WHERE_KEYS_ARE };
  const what = `redirects (${status}), and redirects are not followed`;
  const target = readLocation(url, headers.location);
  const found = target === undefined ? '' : `, perhaps ${target}`;
  return { what, instead: `the address that has the keys itself${found}` };
}

/** Returns the address that an answer redirects to, without its query, which may be different each time. */
function readLocation(url: string, location: string | undefined): string | undefined {
  if (location === undefined || !URL.canParse(location, url)) return undefined;
  const { origin, pathname } = new URL(location, url);
  return showKeySetUrl(`${origin}${pathname}`);
}

/** Returns the text of an answer, or undefined if it is longer than any key set. */
async function readText(answer: Answer): Promise<string | undefined> {
  if (answer.kind === 'cut') {
    if (answer.error === 'too_large') return undefined;
    throw refuseForNow(explainFailure(answer.error));
  }
  const { body, headers } = answer;
  const coding = headers['content-encoding']?.toLowerCase() ?? '';
  const bytes = CODINGS.includes(coding) ? await decompress(body, coding) : body;
  // This also removes a byte order mark.
  return bytes && new TextDecoder().decode(bytes);
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1, https://www.rfc-editor.org/rfc/rfc7932 */
const CODINGS: readonly string[] = ['gzip', 'x-gzip', 'deflate', 'br'];

/** Storage returns a compressed object without decoding it, even if the request does not accept that. */
async function decompress(bytes: Buffer, coding: string): Promise<Buffer | undefined> {
  const { brotliDecompressSync, inflateRawSync, unzipSync } = await import('node:zlib');
  // Some programs omit the zlib wrapper of deflate: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.2
  const isRaw = coding === 'deflate' && ((bytes[0] ?? 0) & 0x0f) !== ZLIB_METHOD;
  const decode = coding === 'br' ? brotliDecompressSync : isRaw ? inflateRawSync : unzipSync;
  try {
    return decode(bytes, { maxOutputLength: MAX_SET_BYTES });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === TOO_LARGE) return undefined;
    throw refuseForNow('the answer could not be decompressed', error);
  }
}

/** https://www.rfc-editor.org/rfc/rfc1950#section-2.2 */
const ZLIB_METHOD = 8;

/** https://nodejs.org/api/errors.html#err_buffer_too_large */
const TOO_LARGE = 'ERR_BUFFER_TOO_LARGE';

function explainFailure(error: string): string {
  if (error === 'timeout') {
    return `there was no answer within ${KEY_SET_MILLISECONDS / 1_000} seconds`;
  }
  return `the connection failed${error === 'network' ? '' : ` (${error})`}`;
}
