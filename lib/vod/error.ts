import { Problem, type ProblemCode, type VodRefusal } from '../problem.ts';
import {
  findHttpErrorRule,
  findVodErrorRule,
  type Repeat,
  type VodErrorRule,
} from './error-rules.ts';

/** A call that failed: what its caller may know, and whether repeating it helps. */
export interface VodFailure {
  readonly problem: Problem;
  readonly repeat: Repeat;
}

/** Seconds after which to retry; VOD counts calls per second. */
const RETRY_AFTER_SECONDS = 2;

/** Start of the message with which the vendor's client reports its time limit; the error has no other mark. */
const TIME_OUT = 'network timeout at: ';

/**
 * Returns the meaning of `error`, which the vendor's client threw.
 *
 * The error is recognised by its properties, since a minified bundle renames classes, and an answer that cannot be read
 * throws an error of another class. VOD's message is left out, since it may quote the request with its signed URLs.
 */
export function explainVodError(error: unknown): VodFailure {
  const refusal = readRefusal(error);
  if (refusal !== undefined) return refuse(findVodErrorRule(refusal.code), refusal);

  const status = readHttpStatus(error);
  if (status !== undefined) {
    const { code, repeat } = findHttpErrorRule(status);
    const detail = `VOD's API answered with the HTTP status ${status}.`;
    return { problem: new Problem(detail, { code, headers: headersOf(code) }), repeat };
  }
  const message = readProperty(error, 'message');
  if (typeof message === 'string' && message.startsWith(TIME_OUT)) return explainVodTimeout();
  return {
    problem: new Problem("VOD's API could not be reached, or its answer could not be read.", {
      code: 'upstream_failed',
      cause: error,
    }),
    repeat: 'soon',
  };
}

/** Returns the failure of a call that had no answer in time. VOD may have carried it out nevertheless. */
export function explainVodTimeout(): VodFailure {
  return {
    problem: new Problem("VOD's API gave no answer in time.", { code: 'upstream_timeout' }),
    repeat: 'soon',
  };
}

/** Returns the problem of a call that was not made, since the time for it had run out. */
export function refuseForTime(): Problem {
  return new Problem('There was no time left to call VOD: nothing was sent, so send it again.', {
    code: 'upstream_busy',
    headers: headersOf('upstream_busy'),
  });
}

function refuse({ code, repeat, field }: VodErrorRule, vod: VodRefusal): VodFailure {
  const options = { code, vod, headers: headersOf(code) };
  const detail = `VOD ${VERB[code] ?? 'could not serve'} the call with ${vod.code}.`;
  const problem =
    field === undefined
      ? new Problem(detail, options)
      : new Problem(detail, { ...options, errors: [field] });
  return { problem, repeat };
}

const VERB: Readonly<Partial<Record<ProblemCode, string>>> = {
  upstream_rejected: 'refused',
  upstream_denied: 'did not let this service make',
  upstream_busy: 'was too busy for',
};

function headersOf(code: ProblemCode): Readonly<Record<string, string>> {
  return code === 'upstream_busy' ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {};
}

/** Errors of Node.js have a `code` too, in capitals only. */
const CLOUD_CODE = /^[A-Z][a-z]\w{0,60}(?:\.\w{1,60})?$/;

const REQUEST_ID = /^[\w-]{1,64}$/;

/** Returns the refusal by the cloud's API, if `error` describes one. */
export function readRefusal(error: unknown): VodRefusal | undefined {
  const code = readProperty(error, 'code');
  if (typeof code !== 'string' || !CLOUD_CODE.test(code)) return undefined;
  const requestId = readProperty(error, 'requestId');
  const readable = typeof requestId === 'string' && REQUEST_ID.test(requestId);
  return { code, requestId: readable ? requestId : '' };
}

/** Returns the HTTP status, other than 200, with which something in front of the API answered. */
export function readHttpStatus(error: unknown): number | undefined {
  const status = readProperty(error, 'httpCode');
  return typeof status === 'number' ? status : undefined;
}

function readProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
