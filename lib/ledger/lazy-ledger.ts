import type { LeaseCalls } from '../model/call-lease.ts';
import { Problem } from '../problem.ts';
import type { Ledger, LedgerOptions } from './ledger.ts';
import { LedgerError } from './ledger-error.ts';

/**
 * Returns the result of `work`, which is given the ledger.
 *
 * @throws {Problem} `ledger_unavailable` if the database cannot be reached, or fails temporarily.
 * @throws {LedgerError} if it will fail again until the operator repairs it.
 */
export type WithLedger = <Result>(work: (ledger: Ledger) => Promise<Result>) => Promise<Result>;

/** Longest wait for one answer of the database in milliseconds; it may be asked a second time. */
const ANSWER_MILLISECONDS = 3_000;

/**
 * Longest wait for one call of the ledger in milliseconds: a function's time has room for all that it makes one after the
 * other, so that its caller gets `ledger_unavailable` before the platform ends the call.
 */
export const LEDGER_MILLISECONDS = 2 * ANSWER_MILLISECONDS;

/** Seconds after which to retry: about the time that a failover of the database takes. */
const RETRY_AFTER_SECONDS = '5';

/** The database in the configuration of a function. */
export interface LedgerAddress {
  readonly databaseUrl: string | undefined;
  readonly databaseCa: string | undefined;
}

/** Returns access to the ledger at `databaseUrl`, if there is one. Its code is loaded when it is first needed. */
export function openLedgerLazily(
  { databaseUrl, databaseCa }: LedgerAddress,
  options: Pick<LedgerOptions, 'clock' | 'random' | 'targets' | 'answerMilliseconds'>,
): WithLedger | undefined {
  if (databaseUrl === undefined) return undefined;
  return lazyLedger(async () => {
    const { openLedger } = await import('./ledger.ts');
    const answerMilliseconds = ANSWER_MILLISECONDS;
    return openLedger(databaseUrl, { answerMilliseconds, ...options, databaseCa });
  });
}

/** Returns access to the ledger that `open` opens, which is called once. */
export function lazyLedger(open: () => Promise<Ledger>): WithLedger {
  let opened: Promise<Ledger> | undefined;
  return async (work) => {
    try {
      opened ??= open();
      return await work(await opened);
    } catch (error) {
      throw error instanceof LedgerError && error.isTransient ? explainTransient(error) : error;
    }
  };
}

/** Returns how calls of VOD are leased from `ledger`. */
export function leaseFrom(ledger: WithLedger): LeaseCalls {
  return (request) => ledger((each) => each.leaseVodCalls(request));
}

function explainTransient(cause: LedgerError): Problem {
  return new Problem(
    'The database of this service cannot be reached: nothing was done, retry later.',
    {
      code: 'ledger_unavailable',
      cause,
      headers: { 'Retry-After': RETRY_AFTER_SECONDS },
    },
  );
}

/** Returns the problem of a request that needs a database where there is none; `lack` says what for. */
export function ledgerRequired(lack: string): Problem {
  return new Problem(`${lack}: set DATABASE_URL to the URL of a PostgreSQL database to have one.`, {
    code: 'ledger_required',
  });
}
