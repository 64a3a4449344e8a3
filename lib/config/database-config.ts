import * as v from 'valibot';
import { ConfigError } from '../config-error.ts';

/** The ledger's database, and the authorities for its server's certificate. */
export interface DatabaseConfig {
  readonly databaseUrl: string | undefined;
  /** Certificates of authorities, as PEM. */
  readonly databaseCa: string | undefined;
}

/** Schema of `DATABASE_URL`: only a check without much code; {@link checkDatabase} does the rest. */
export const databaseUrl = v.pipe(
  v.string(),
  // The names of drivers are those of SQLAlchemy: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls.
  v.check(
    (url) => /^postgres(?:ql)?(?:\+\w+)?:\/\/\S/i.test(url),
    'must be a URL that begins with postgres:// or postgresql:// and names a host, without quotes around it and without jdbc: or psql before it',
  ),
);

/** Entries about the database for the schema of an environment in which it is optional. */
export const databaseEnvironment = {
  DATABASE_URL: v.optional(databaseUrl),
  DATABASE_CA: v.optional(v.string()),
};

/** Returns the configuration in a checked environment. */
export function describeDatabase(e: {
  readonly DATABASE_URL?: string | undefined;
  readonly DATABASE_CA?: string | undefined;
}): DatabaseConfig {
  return { databaseUrl: e.DATABASE_URL, databaseCa: e.DATABASE_CA };
}

/**
 * Reads the variables as the ledger will. That is much code, which is loaded only if there is a database.
 *
 * @returns a promise that resolves if they are valid, and rejects with a {@link ConfigError} that names each wrong one
 * without quoting it; undefined if there is no database.
 */
export function checkDatabase({
  databaseUrl,
  databaseCa,
}: DatabaseConfig): Promise<void> | undefined {
  if (databaseUrl === undefined) return undefined;
  return import('../ledger/connection/database-url.ts').then(({ readDatabaseUrl }) => {
    const { problems } = readDatabaseUrl(databaseUrl, databaseCa);
    if (problems !== undefined) throw new ConfigError(problems);
  });
}
