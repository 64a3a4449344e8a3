import type { Connection } from '../connection/connection.ts';

/** Version and encoding that a server reports. */
export interface Server {
  /** In the form of `server_version_num`: 160004 is 16.4. */
  readonly version: number;
  /** Encoding of the database, from `server_encoding`. */
  readonly encoding: string;
}

/** The oldest supported version, which is the oldest on which the ledger is tested. */
const OLDEST_VERSION = 13;

/**
 * Returns the version and encoding of the server behind `connection`.
 *
 * @throws {LedgerError}
 */
export async function readServer(connection: Connection): Promise<Server> {
  const [row] = await connection.run((sql) =>
    sql.unsafe<{ version: string; encoding: string }[]>(
      `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`,
    ),
  );
  return { version: Number(row?.version), encoding: row?.encoding ?? '' };
}

/** Returns why such a server cannot be used for the ledger, and what to do about it; undefined if it can. */
export function explainServer({
  version,
  encoding,
}: Server): { readonly text: string; readonly remedy: string } | undefined {
  const major = Math.floor(version / 10_000);
  if (major < OLDEST_VERSION) {
    return {
      text: `The database of DATABASE_URL is PostgreSQL ${major}, and the ledger needs ${OLDEST_VERSION} or newer.`,
      remedy: 'Upgrade it, or make a new one and set DATABASE_URL.',
    };
  }
  // Names and contexts may be in any language: https://www.postgresql.org/docs/current/multibyte.html.
  if (encoding !== 'UTF8') {
    return {
      text: `The database of DATABASE_URL has the encoding ${encoding}, and the ledger needs UTF8.`,
      remedy:
        "Make another (create database … encoding 'UTF8' template template0) and set DATABASE_URL.",
    };
  }
  return undefined;
}
