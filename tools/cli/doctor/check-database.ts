import { type Connection, createConnection } from '../../../lib/ledger/connection/connection.ts';
import {
  type DatabaseSettings,
  readDatabaseUrl,
} from '../../../lib/ledger/connection/database-url.ts';
import { explainDatabaseError } from '../../../lib/ledger/connection/explain-error.ts';
import { LedgerError } from '../../../lib/ledger/ledger-error.ts';
import { compareMigrations } from '../../../lib/ledger/schema/migrate.ts';
import { explainServer, readServer } from '../../../lib/ledger/schema/server-support.ts';
import { finding, type Note, skipped, warning } from './note.ts';

/** Twice as long as a function waits, since this machine may be far from the database. */
const ANSWER_MILLISECONDS = 6_000;

/**
 * Finds out whether the functions can use the database, by connecting as they do: whether it answers, is new enough,
 * can store texts of any language, and has the ledger's tables in the version of this code.
 */
export async function checkDatabase(
  databaseUrl: string | undefined,
  databaseCa?: string,
): Promise<readonly Note[]> {
  if (databaseUrl === undefined || databaseUrl === '') {
    const text = 'DATABASE_URL is not set; without it the functions record nothing.';
    return [skipped('database', text)];
  }
  const { settings } = readDatabaseUrl(databaseUrl, databaseCa);
  if (settings === undefined) {
    // Wrong variables are reported by the check of the variables.
    return [skipped('database', 'DATABASE_URL is not the URL of a database.')];
  }
  const connection = createConnection({
    databaseUrl,
    databaseCa,
    answerMilliseconds: ANSWER_MILLISECONDS,
  });
  try {
    const wrong = explainServer(await readServer(connection));
    return [
      ...warnOfTls(settings),
      ...(wrong === undefined
        ? await checkMigrations(connection)
        : [finding('database', wrong.text, wrong.remedy)]),
    ];
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    const { what, remedy } = explainDatabaseError(error.cause, settings);
    const text = `The database of DATABASE_URL cannot be used from here: ${what}.`;
    return [finding('database', text, `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`)];
  } finally {
    await connection.close();
  }
}

/** Encryption without a check of the certificate protects against eavesdropping, and not against a false server. */
function warnOfTls({ tls }: DatabaseSettings): readonly Note[] {
  if (tls.mode !== 'unchecked') return [];
  return [
    warning(
      'database',
      `DATABASE_URL has ${tls.because} without a certificate that is checked: anyone may answer there, and is sent the password.`,
      "Write sslmode=verify-full, and set DATABASE_CA to the certificate of the server's authority where that is its own.",
    ),
  ];
}

async function checkMigrations(connection: Connection): Promise<readonly Note[]> {
  const { missing, changed, unknown } = await compareMigrations(connection);
  const find = (names: readonly string[], what: string, remedy: string) =>
    names.length === 0 ? [] : [finding('migrations', `${what}: ${names.join(', ')}.`, remedy)];
  return [
    ...find(missing, 'The database lacks the migrations', 'Run "npm run migrate".'),
    ...find(
      changed,
      'Migrations that changed since they were applied',
      'Undo the change, and write a new migration.',
    ),
    ...find(
      unknown,
      'Migrations that were applied and are not in this code',
      'They belong to newer code, or to another program: use that code, or another database.',
    ),
  ];
}
