import { Problem } from '../../problem.ts';
import type { Connection } from '../connection/connection.ts';
import { LedgerError, readCode } from '../ledger-error.ts';
import { NEWEST_MIGRATION } from './newest-migration.ts';

/**
 * How statements fail on tables of an earlier version: a table, column or function is missing, or a value violates a
 * constraint that was changed later.
 */
const MAY_BE_OLD = /^(?:42|23)/;

/** Code in the log line of a database that has not had all migrations. */
const OLD_SCHEMA = 'OLD_SCHEMA';

const RETRY_AFTER_SECONDS = '60';

/**
 * Throws a {@link Problem} `ledger_unavailable` if work failed with `error` since the database has not had all
 * migrations, and `error` otherwise. Once it has had them, the same work succeeds.
 */
export async function explainOldSchema(error: unknown, run: Connection['run']): Promise<never> {
  if (!MAY_BE_OLD.test(readCode(error)) || !(await isOld(run))) throw error;
  throw new Problem(
    'The database of this service is older than its code: nothing was done, retry after its operator has run "npm run migrate".',
    {
      code: 'ledger_unavailable',
      headers: { 'Retry-After': RETRY_AFTER_SECONDS },
      cause: new LedgerError('The database lacks migrations that this code needs.', {
        ...{ code: OLD_SCHEMA, isTransient: false, cause: error },
      }),
    },
  );
}

async function isOld(run: Connection['run']): Promise<boolean> {
  try {
    const [row] = await run((sql) =>
      sql.unsafe<{ name: string | null }[]>('select max(name) as name from migrations'),
    );
    return (row?.name ?? '') < NEWEST_MIGRATION;
  } catch {
    // There are no tables of this service at all, or nothing is known: the first error says more.
    return false;
  }
}
