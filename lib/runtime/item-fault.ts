import { ConfigError } from '../config-error.ts';
import type { CountedFailure, ItemFailure } from '../ledger/dead-items.ts';
import { LedgerError } from '../ledger/ledger-error.ts';
import { Problem, type ProblemCode } from '../problem.ts';
import { defined } from '../validation/json-object.ts';
import type { LogFields } from './invocation.ts';

/** Why an item cannot be processed: a code, and a sentence that quotes nothing of the item. */
export interface ItemFault {
  readonly code: string;
  readonly reason: string;
}

/**
 * Tries of an item that fails for a reason of its own. Such a reason does not pass with time; a few tries tell it from two
 * that met.
 */
export const MAX_ITEM_TRIES = 3;

/** Until the next try, in milliseconds: it is left to the next sweep. */
export const ITEM_PAUSE_MILLISECONDS = 1_000;

/**
 * What the server refuses for the data of a statement, by its class:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html. 54 is what is too long for an index, or too deep for JSON.
 */
const DATA_CLASSES: Readonly<Record<string, string>> = {
  '21': 'it has the same row twice',
  '22': 'it has a value that a column does not accept',
  '23': 'it violates a constraint',
  '54': 'it is too long or too deep',
};

/** Problems that are about a party, not about what it was asked. */
const AWAY: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  ...(['upstream_denied', 'upstream_failed', 'upstream_busy', 'upstream_timeout'] as const),
  ...(['ledger_unavailable', 'identity_unavailable', 'confirmation_unavailable'] as const),
  'delivery_failed',
]);

/**
 * Returns whether what was thrown over an item is about the item: anything but that the database, VOD or the configuration
 * fails, which any other item would meet as well.
 */
export function isItemFault(error: unknown): boolean {
  if (error instanceof LedgerError) return findDataClass(error) !== undefined;
  if (error instanceof Problem) return !AWAY.has(error.code);
  if (error instanceof ConfigError) return false;
  return !(error instanceof Error && error.name === 'AbortError');
}

/** Returns what the operator is told of an error that {@link isItemFault}. */
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

/** Ids of VOD's are far shorter; a log line is to stay one. */
const MAX_LOGGED_LENGTH = 128;

/** Returns what the log line says of an item that failed: at `error` where it is set aside by that. */
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

/** Returns a word for `error` that holds nothing of what it says: VOD's code, this service's, or that of a socket. */
export function nameError(error: unknown): string {
  if (error instanceof Problem) return error.vod?.code ?? error.code;
  if (!(error instanceof Error)) return typeof error;
  // The database, its driver and Node's own sockets name by a code what went wrong.
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' && CODE.test(code) ? code : error.name;
}
