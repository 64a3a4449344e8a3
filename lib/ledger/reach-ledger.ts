import { Problem } from '../problem.ts';
import type { Ledger, LedgerOptions } from './ledger.ts';

/**
 * Answers what `work` answers of the ledger.
 *
 * @throws {Problem} `ledger_unavailable` where the database cannot be reached, or fails.
 */
export type ReachLedger = <Result>(work: (ledger: Ledger) => Promise<Result>) => Promise<Result>;

/** Longest wait for one answer in milliseconds; with the second try, twice as long is well within a function's time. */
const ANSWER_MILLISECONDS = 3_000;

/** Seconds after which to come again: about what a database takes to change its server. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Answers the way to the ledger in the database at `databaseUrl`, where there is one. Its code is loaded when it is
 * first needed.
 */
export function openLedgerLazily(
  databaseUrl: string | undefined,
  options: Pick<LedgerOptions, 'now' | 'randomKey'>,
): ReachLedger | undefined {
  if (databaseUrl === undefined) return undefined;
  return reachLedger(async () => {
    const { openLedger } = await import('./ledger.ts');
    return openLedger(databaseUrl, { ...options, answerMilliseconds: ANSWER_MILLISECONDS });
  });
}

/** Answers the way to the ledger that `open` opens, once. */
export function reachLedger(open: () => Promise<Ledger>): ReachLedger {
  let opened: Promise<Ledger> | undefined;
  return async (work) => {
    try {
      opened ??= open();
      return await work(await opened);
    } catch (error) {
      throw explainFailure(error);
    }
  };
}

/** What the server, its driver and the socket name by a code; anything else is a fault of ours. */
function explainFailure(cause: unknown): unknown {
  const isNamed = cause instanceof Error && 'code' in cause && !(cause instanceof Problem);
  if (!isNamed) return cause;
  return new Problem(
    'The database of this service cannot be reached: nothing was done, come again.',
    {
      code: 'ledger_unavailable',
      cause,
      headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
    },
  );
}
