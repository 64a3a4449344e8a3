import * as v from 'valibot';
import { ConfigError } from '../config-error.ts';

/** Which database the ledger is in, and who vouches for its server. */
export interface DatabaseConfig {
  readonly databaseUrl: string | undefined;
  /** Certificates of authorities, as PEM. */
  readonly databaseCa: string | undefined;
}

/** Schema of `DATABASE_URL`: the least that can be said at once. {@link checkDatabase} reads the rest. */
export const databaseUrl = v.pipe(
  v.string(),
  // The names of drivers are SQLAlchemy's: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls.
  v.check(
    (url) => /^postgres(?:ql)?(?:\+\w+)?:\/\/\S/i.test(url),
    'must be a URL that begins with postgres:// or postgresql:// and names a host, without quotes around it and without jdbc: or psql before it',
  ),
);

/** What a schema of an environment has about the database, where there need not be one. */
export const databaseEnvironment = {
  DATABASE_URL: v.optional(databaseUrl),
  DATABASE_CA: v.optional(v.string()),
};

/** Returns the configuration that a checked environment tells. */
export function describeDatabase(e: {
  readonly DATABASE_URL?: string | undefined;
  readonly DATABASE_CA?: string | undefined;
}): DatabaseConfig {
  return { databaseUrl: e.DATABASE_URL, databaseCa: e.DATABASE_CA };
}

/**
 * Reads the variables as the ledger will. That is much code, and is loaded only where there is a database.
 *
 * @returns a promise that resolves where they are right, and rejects with a {@link ConfigError} that names each one that
 * is wrong and quotes nothing of it; undefined where there is no database.
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
