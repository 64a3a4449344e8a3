import { isJsonObject } from '../../../lib/validation/json-object.ts';
import { explainFailure } from '../explain-failure.ts';

/** How a deployed function answers a call without authentication. */
export type Probe =
  /** It is this service's function and refuses the call. */
  | { readonly kind: 'guarded' }
  /** It is this service's function and accepts any caller. */
  | { readonly kind: 'open' }
  /** It is this service's function and cannot serve. */
  | { readonly kind: 'broken' }
  | { readonly kind: 'foreign'; readonly status: number }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** An answer of a function, or of another server at this address. */
interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Of `application/problem+json`; empty otherwise. */
  readonly problem: Readonly<Record<string, unknown>>;
}

/** Enough for a cold start and a slow connection. */
const ANSWER_MILLISECONDS = 15_000;

/** A field that no request has: the function refuses it, even if it accepts any caller. */
const HARMLESS = { doctor: true };

/** Returns what is at `url`, from a request without a token or a signature. */
export async function probeFunction(url: string, method: 'GET' | 'POST'): Promise<Probe> {
  const body = method === 'POST' ? { body: JSON.stringify(HARMLESS) } : {};
  const reply = await send(url, { method, ...body });
  if (typeof reply === 'string') return { kind: 'unreachable', reason: reply };
  switch (reply.problem['code']) {
    case 'unauthorized':
      return { kind: 'guarded' };
    case 'invalid_request':
      return { kind: 'open' };
    case 'internal':
      return { kind: 'broken' };
    default:
      return explainStatus(method, reply);
  }
}

function explainStatus(method: 'GET' | 'POST', { status, headers, problem }: Reply): Probe {
  // Without a database there is nothing to read, for any caller.
  if (status === 501 && typeof problem['code'] === 'string') return { kind: 'guarded' };
  const isJson = headers.get('content-type')?.startsWith('application/json') === true;
  if (method === 'GET' && status === 200 && isJson) return { kind: 'open' };
  return { kind: 'foreign', status };
}

/** Returns whether pages of `origin` may call the function at `url`. */
export async function allowsOrigin(url: string, origin: string): Promise<boolean> {
  const reply = await send(url, {
    method: 'OPTIONS',
    headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
  });
  return typeof reply !== 'string' && reply.headers.get('access-control-allow-origin') === origin;
}

/**
 * Returns whether the `callback` function at `url` has the key that made `sign`. The notification must be too old to be
 * accepted: then it is neither recorded nor sent to targets, and the refusal says whether the key or the time was
 * wrong.
 */
export async function knowsSignKey(url: string, sign: string, t: number): Promise<boolean> {
  const body = JSON.stringify({ Sign: sign, T: t });
  const reply = await send(url, { method: 'POST', body });
  return (
    typeof reply !== 'string' &&
    reply.problem['code'] === 'unauthorized' &&
    String(reply.problem['detail']).startsWith('"T" is in the past')
  );
}

/** Returns the reply, or the reason in words why there is none. */
async function send(url: string, request: RequestInit): Promise<Reply | string> {
  try {
    const response = await fetch(url, {
      ...request,
      headers: { 'Content-Type': 'application/json', ...request.headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    });
    const text = await response.text();
    const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
    const { status, headers } = response;
    return { status, headers, problem: isProblem === true ? parseProblem(text) : {} };
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      return `it gave no answer within ${ANSWER_MILLISECONDS / 1_000} seconds`;
    }
    return `it cannot be reached (${explainFailure(error)})`;
  }
}

function parseProblem(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
