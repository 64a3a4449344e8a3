import { readRefusal, toVodUploadError, VodUploadError } from './problem.ts';
import { jitter, wait } from './wait.ts';

/**
 * The token of the one who uploads, or a function that is asked for it before each request. If the service does not
 * accept a token, the function is asked once more, with that token.
 */
export type Token =
  | string
  | ((refused?: string) => string | undefined | Promise<string | undefined>);

/** A request to the service. */
interface BackendRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** Makes requests as the caller. */
export type CallBackend = (url: string, request?: BackendRequest) => Promise<Response>;

const ATTEMPTS = 4;
/** Longer waits are left to whoever called: a person does not wait for them. */
const MAX_RETRY_AFTER_SECONDS = 30;
const UNAUTHORIZED = 401;
const NOT_MODIFIED = 304;
/** Statuses of which a retry may succeed: https://www.rfc-editor.org/rfc/rfc9110#section-15.6 */
const TRANSIENT: readonly (number | undefined)[] = [502, 503, 504];

/**
 * Returns the function that calls the service with a token. It resolves with a success or a 304.
 *
 * Requests are repeated while the service cannot be reached or is busy, so only those may be made with it that may be
 * made twice. It throws a {@link VodUploadError}, or the reason of the signal.
 */
export function createBackend(token: Token): CallBackend {
  return async (url, request = {}) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await callAs(token, url, request);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (attempt === ATTEMPTS || !isTransient(error)) throw error;
        const { retryAfter = 0 } = error.problem;
        await wait(retryAfter * 1_000 + jitter(250 * 2 ** attempt), request.signal);
      }
    }
  };
}

/** Returns whether the same request may succeed later. */
export function isTransient(error: unknown): error is VodUploadError {
  if (!(error instanceof VodUploadError)) return false;
  const { code, status, retryAfter = 0 } = error.problem;
  if (retryAfter > MAX_RETRY_AFTER_SECONDS) return false;
  return code === 'network_failed' || TRANSIENT.includes(status);
}

async function callAs(token: Token, url: string, request: BackendRequest): Promise<Response> {
  const bearer = await readToken(token);
  let response = await send(url, request, bearer);
  if (response.status === UNAUTHORIZED && typeof token === 'function') {
    response = await send(url, request, await readToken(token, bearer));
  }
  if (response.ok || response.status === NOT_MODIFIED) return response;
  throw await readRefusal(response);
}

/** @throws {VodUploadError} `token_unavailable`, or `unauthorized` if there is none. */
export async function readToken(token: Token, refused?: string): Promise<string> {
  let found: string | undefined;
  try {
    found = typeof token === 'string' ? token : await token(refused);
  } catch (error) {
    throw toVodUploadError(error, 'token_unavailable');
  }
  if (found) return found;
  throw new VodUploadError({
    status: UNAUTHORIZED,
    code: 'unauthorized',
    detail: 'There is no token: nobody is signed in.',
  });
}

async function send(url: string, request: BackendRequest, bearer: string): Promise<Response> {
  try {
    return await fetch(url, {
      ...request,
      headers: {
        'Content-Type': 'application/json',
        ...request.headers,
        Authorization: `Bearer ${bearer}`,
      },
    });
  } catch (error) {
    request.signal?.throwIfAborted();
    throw new VodUploadError(
      {
        code: 'network_failed',
        detail: 'The service cannot be reached, or does not allow the origin of this page.',
      },
      { cause: error },
    );
  }
}
