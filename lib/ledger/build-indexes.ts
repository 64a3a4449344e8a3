import type { Connection } from './connection.ts';
import { readCode } from './ledger-error.ts';

/** A statement that builds an index concurrently, with the name of the index. */
const BUILD = /^create (?:unique )?index concurrently if not exists (\w+)/m;

/** The server runs this statement outside transactions only; a pooler's settings are repeated in each transaction. */
const IN_TRANSACTION = '25001';

/** A migration of indexes: nothing but comments and statements that build one, each of which can be repeated. */
interface IndexMigration {
  readonly name: string;
  readonly statements: string;
}

/** Returns whether a migration builds indexes concurrently, and so cannot run in a transaction. */
export function isConcurrent({ statements }: Pick<IndexMigration, 'statements'>): boolean {
  return BUILD.test(statements);
}

/**
 * Builds the indexes of a migration that are missing, or whose build was interrupted, one by one.
 *
 * @throws {LedgerError} if the database refuses one; another error if the migration does anything else.
 */
export async function buildIndexes(
  builder: Connection,
  { name, statements }: IndexMigration,
): Promise<void> {
  for (const statement of statements.replaceAll(/^--.*$/gm, '').split(';')) {
    if (statement.trim() === '') continue;
    const [, index] = BUILD.exec(statement) ?? [];
    if (index === undefined) {
      throw new Error(`Migration ${name} builds indexes concurrently, so it can do nothing else.`);
    }
    const build = builder.run(async (sql) => {
      // A build that was interrupted leaves an index that is not used.
      const broken = await sql.unsafe<object[]>(
        'select from pg_index where indexrelid = to_regclass($1) and not indisvalid',
        [index],
      );
      if (broken.length > 0) await sql.unsafe(`drop index concurrently ${index}`);
      await sql.unsafe(statement);
    });
    await build.catch((error: unknown) => {
      if (readCode(error) !== IN_TRANSACTION) throw error;
      throw new Error(
        `Migration ${name} cannot run through a pooler with settings in DATABASE_URL: use the URL of the server itself.`,
        { cause: error },
      );
    });
  }
}
