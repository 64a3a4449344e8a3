import postgres from 'postgres';
import * as v from 'valibot';
import { databaseUrl as databaseUrlSchema } from '../../../lib/config/database-config.ts';
import { compareMigrations } from '../../../lib/ledger/migrate.ts';
import { finding, type Note, skipped } from './note.ts';

/** The first version that takes every setting of the ledger's connection, `plan_cache_mode` among them. */
const OLDEST_VERSION = 12;

const CONNECT_SECONDS = 10;

/** Finds out whether the database answers, is new enough, and has the ledger's tables as this code knows them. */
export async function checkDatabase(databaseUrl: string | undefined): Promise<readonly Note[]> {
  if (databaseUrl === undefined || databaseUrl === '') {
    const text = 'DATABASE_URL is not set; without it the functions have no memory.';
    return [skipped('database', text)];
  }
  if (!v.is(databaseUrlSchema, databaseUrl)) {
    const text = 'DATABASE_URL is not the address of a PostgreSQL database.';
    return [skipped('database', text)];
  }
  try {
    const version = await readVersion(databaseUrl);
    const notes = explainVersion(version);
    return notes.length > 0 ? notes : await checkMigrations(databaseUrl);
  } catch (error) {
    return [explainConnection(error)];
  }
}

/** Answers what is wrong with a server of this version, as `server_version_num` has it. */
export function explainVersion(version: number): readonly Note[] {
  const major = Math.floor(version / 10_000);
  if (major >= OLDEST_VERSION) return [];
  return [
    finding(
      'database',
      `The database is PostgreSQL ${major}, and the ledger needs ${OLDEST_VERSION} or newer.`,
      'Upgrade it, or make a new one and set DATABASE_URL.',
    ),
  ];
}

async function readVersion(databaseUrl: string): Promise<number> {
  const sql = postgres(databaseUrl, {
    max: 1,
    fetch_types: false,
    connect_timeout: CONNECT_SECONDS,
    onnotice: () => undefined,
  });
  try {
    const [row] = await sql<{ server_version_num: string }[]>`show server_version_num`;
    return Number(row?.server_version_num);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function checkMigrations(databaseUrl: string): Promise<readonly Note[]> {
  const { missing, changed, unknown } = await compareMigrations(databaseUrl);
  const find = (names: readonly string[], what: string, remedy: string) =>
    names.length === 0 ? [] : [finding('migrations', `${what}: ${names.join(', ')}.`, remedy)];
  return [
    ...find(missing, 'The database has not had', 'Run "npm run migrate".'),
    ...find(
      changed,
      'Changed since the database had them',
      'Undo the change, and write a new migration.',
    ),
    ...find(
      unknown,
      'The database has had what is not here',
      'It belongs to newer code, or to another program: use that code, or another database.',
    ),
  ];
}

/** What the server and the sockets say most often: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const REASONS: Readonly<Record<string, string>> = {
  '28P01': 'it does not take this user with this password',
  '28000': 'it does not let this user in from here',
  '3D000': 'it has no database of this name',
  '53300': 'it has no connection left',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of this name',
  CONNECT_TIMEOUT: `it gave no answer within ${CONNECT_SECONDS} seconds`,
};

function explainConnection(error: unknown): Note {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = REASONS[code] ?? `it fails with ${code || 'no code'}`;
  return finding(
    'database',
    `The database of DATABASE_URL cannot be used from here: ${reason}.`,
    'See that it runs, that DATABASE_URL is right, and that its network lets this machine in: one in a VPC is reached from within only.',
  );
}
