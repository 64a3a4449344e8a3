import { LedgerError, readCode } from '../ledger-error.ts';
import { chooseWords, type WordsSettings } from './error-words.ts';

/** What is wrong with a database, and what to do about it: two halves of a sentence, without a secret. */
export interface DatabaseFault {
  readonly what: string;
  readonly remedy: string;
  /** Whether the same may go well a little later, without anybody doing anything. */
  readonly isPassing: boolean;
}

/**
 * Codes, and beginnings of codes, of what passes by itself: https://www.postgresql.org/docs/current/errcodes-appendix.html.
 * What is in no list does not: a request that was wrong will be wrong again.
 */
const PASSING = new RegExp(
  `^(?:${[
    // The driver's, this service's and the sockets' own; a name may be unknown to a resolver that fails (EAI_AGAIN).
    'CONNECTION_|CONNECT_TIMEOUT$|NO_ANSWER$|E(?!NOTFOUND$|ACCES$|PROTO$|RR_)[A-Z_]+$',
    // Connections, deadlocks, what is used up, what is in use, a server that is told to stop, its disk.
    '08(?!P01)|40|53|55006$|55P03$|57(?!P04)|58|25006$|25P0[34]$',
  ].join('|')})`,
);

/** Poolers have one code for nearly all that they say: PgBouncer 08P01, and Supavisor XX000. */
const POOLER_CODE = /^(?:08P01|XX\w{3})$/;

/** What poolers say of a load or a restart: https://github.com/pgbouncer/pgbouncer/blob/master/src/client.c. */
const POOLER_PASSING =
  /no more connections|connections exceeded|max ?clients|shutting down|timeout|exhaustion|out of memory|pause|suspend|cannot connect|crashed|login has been failing/i;

/** What is behind a failure that a pooler remembers, or tells under a code for anything: the server's refusal for good. */
const POOLER_LASTING =
  /authentication failed|no such (?:user|database)|does not exist|unsupported startup|not found/i;

/** Returns what it means that the database failed with `error`. */
export function explainDatabaseError(error: unknown, settings: WordsSettings): DatabaseFault {
  const code = readCode(error);
  const text = error instanceof Error ? error.message : '';
  const [what, remedy] = chooseWords(code, text, settings);
  return { what, remedy, isPassing: isPassing(code, text) };
}

/** Returns `error` as one of the ledger, for those that are asked to do what the database could not. */
export function toLedgerError(error: unknown, settings: WordsSettings): LedgerError {
  const { what, remedy, isPassing: passes } = explainDatabaseError(error, settings);
  return new LedgerError(`The database of DATABASE_URL failed: ${what}; ${remedy}.`, {
    code: readCode(error),
    isPassing: passes,
    cause: error,
  });
}

function isPassing(code: string, text: string): boolean {
  if (!POOLER_CODE.test(code)) return PASSING.test(code);
  return POOLER_PASSING.test(text) && !POOLER_LASTING.test(text);
}
