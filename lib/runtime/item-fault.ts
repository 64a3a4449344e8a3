import { ConfigError } from '../config-error.ts';
import type { CountedFailure, ItemFailure } from '../ledger/jobs/dead-items.ts';
import { LedgerError } from '../ledger/ledger-error.ts';
import { Problem, type ProblemCode } from '../problem.ts';
import { defined } from '../validation/json-object.ts';
import type { LogFields } from './invocation.ts';

/** Why an item cannot be processed: a code, and a sentence that does not quote the item. */
export interface ItemFault {
  readonly code: string;
  readonly reason: string;
}

/** Attempts for an item that fails because of itself: enough to distinguish a permanent failure from a coincidence. */
export const MAX_ITEM_TRIES = 3;

/** Milliseconds until the next attempt, which the next sweep makes. */
export const ITEM_PAUSE_MILLISECONDS = 1_000;

/**
 * Reasons for which the server refuses the data of a statement, by error class:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html. 54 means too long for an index, or too deep for JSON.
 */
const DATA_CLASSES: Readonly<Record<string, string>> = {
  '21': 'it has the same row twice',
  '22': 'it has a value that a column does not accept',
  '23': 'it violates a constraint',
  '54': 'it is too long or too deep',
};

/** Problems of VOD, the database or the identity provider, not of the request to it. */
const AWAY: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  ...(['upstream_denied', 'upstream_failed', 'upstream_busy', 'upstream_timeout'] as const),
  ...(['ledger_unavailable', 'identity_unavailable', 'confirmation_unavailable'] as const),
  'delivery_failed',
]);

/**
 * Returns whether `error` was thrown because of the item itself: that is any error except a failure of the database,
 * VOD or the configuration, which every other item would meet too.
 */
export function isItemFault(error: unknown): boolean {
  if (error instanceof LedgerError) return findDataClass(error) !== undefined;
  if (error instanceof Problem) return !AWAY.has(error.code);
  if (error instanceof ConfigError) return false;
  return !(error instanceof Error && error.name === 'AbortError');
}

/** Returns the explanation for the operator of an error for which {@link isItemFault} is true. */
export function explainItemFault(error: unknown): ItemFault {
  const code = nameError(error);
  if (error instanceof LedgerError) {
    const what = findDataClass(error) ?? 'it cannot be stored';
    return { code, reason: `The database refuses it with ${code}: ${what}.` };
  }
  if (error instanceof Problem && error.vod !== undefined) {
    return { code, reason: `VOD refuses a call about it with ${code}.` };
  }
  return { code, reason: `The service cannot process it: it fails with ${code}.` };
}

/**
 * Longest id, type or state that is logged, in characters. VOD's own are far shorter; a longer one could make the log line
 * too long for one entry.
 */
export const MAX_LOGGED_LENGTH = 128;

/** Returns the log fields for an item that failed; their level is `error` if it becomes a dead item. */
export function describeItemFailure(
  { kind, id, fileId, code, reason }: ItemFailure,
  { attempts, isDead, isNews }: CountedFailure,
): LogFields {
  const end = isDead ? 'It is set aside: see GET /uploads/dead-items.' : 'It will be retried.';
  return {
    level: isNews ? 'error' : 'warn',
    item: { kind, id, attempts },
    ...defined({ fileId: fileId?.slice(0, MAX_LOGGED_LENGTH) }),
    ...{ code, reason: `An item (${kind}) failed. ${reason} ${end}` },
  };
}

function findDataClass({ code }: LedgerError): string | undefined {
  const name = /^\w{5}$/.test(code) ? code.slice(0, 2) : '';
  return Object.hasOwn(DATA_CLASSES, name) ? DATA_CLASSES[name] : undefined;
}

const CODE = /^\w{1,40}$/;

/** Returns one word for `error` without its message: VOD's code, this service's code, or that of a socket. */
export function nameError(error: unknown): string {
  if (error instanceof Problem) return error.vod?.code ?? error.code;
  if (!(error instanceof Error)) return typeof error;
  // Errors of the database, its driver and the sockets of Node.js have a code.
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' && CODE.test(code) ? code : error.name;
}
