import { LedgerError, readCode } from '../ledger-error.ts';
import { chooseWords, type WordsSettings } from './error-words.ts';

/** What is wrong with a database, and what to do about it: two halves of a sentence, without secrets. */
export interface DatabaseFault {
  readonly what: string;
  readonly remedy: string;
  /** Whether the same may succeed a little later without any action. */
  readonly isTransient: boolean;
}

/**
 * Codes, and beginnings of codes, of temporary failures:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html. Any other failure is permanent: a wrong request stays
 * wrong.
 */
const TRANSIENT = new RegExp(
  `^(?:${[
    // Codes of the driver, this service and the sockets; if the resolver fails, a name may be unknown for a while
    // (EAI_AGAIN).
    'CONNECTION_|CONNECT_TIMEOUT$|NO_ANSWER$|E(?!NOTFOUND$|ACCES$|PROTO$|RR_)[A-Z_]+$',
    // Connections, deadlocks, exhausted resources, objects in use, a server that is shutting down, its disk.
    '08(?!P01)|40|53|55006$|55P03$|57(?!P04)|58|25006$|25P0[34]$',
  ].join('|')})`,
);

/** Poolers use one code for nearly all their errors: PgBouncer 08P01, and Supavisor XX000. */
const POOLER_CODE = /^(?:08P01|XX\w{3})$/;

/** What poolers report under load or at a restart: https://github.com/pgbouncer/pgbouncer/blob/master/src/client.c. */
const POOLER_TRANSIENT =
  /no more connections|connections exceeded|max ?clients|shutting down|timeout|exhaustion|out of memory|pause|suspend|cannot connect|crashed|login has been failing/i;

/** Permanent refusals by the server that a pooler caches, or reports under its general code. */
const POOLER_LASTING =
  /authentication failed|no such (?:user|database)|does not exist|unsupported startup|not found/i;

/** Returns the meaning of `error`, with which the database failed. */
export function explainDatabaseError(error: unknown, settings: WordsSettings): DatabaseFault {
  const code = readCode(error);
  const text = error instanceof Error ? error.message : '';
  const [what, remedy] = chooseWords(code, text, settings);
  return { what, remedy, isTransient: isTransient(code, text) };
}

/** Returns `error` as an error of the ledger, for callers of the ledger. */
export function toLedgerError(error: unknown, settings: WordsSettings): LedgerError {
  const { what, remedy, isTransient: passes } = explainDatabaseError(error, settings);
  return new LedgerError(`The database of DATABASE_URL failed: ${what}; ${remedy}.`, {
    code: readCode(error),
    isTransient: passes,
    cause: error,
  });
}

function isTransient(code: string, text: string): boolean {
  if (!POOLER_CODE.test(code)) return TRANSIENT.test(code);
  return POOLER_TRANSIENT.test(text) && !POOLER_LASTING.test(text);
}
