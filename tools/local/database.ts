import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createConnection } from '../../lib/ledger/connection/connection.ts';
import { LocalError } from './local-error.ts';
import { findLocalKeys, readLocalKeys } from './local-keys.ts';
import { choosePlace, findData, type Place, removeData } from './postgres/place.ts';
import { setPassword, startServer } from './postgres/server.ts';

/** A running PostgreSQL. */
export interface LocalDatabase {
  readonly url: string;
  /** Folder of its data; undefined for a server named by `databaseUrl`. */
  readonly folder: string | undefined;
  close(): Promise<void>;
}

const USER = 'postgres';
const ADDRESS = '127.0.0.1';
/** Longest wait for a server to stop: it aborts running statements, and then writes what it has in memory. */
const STOP_MILLISECONDS = 20_000;
const STOP_STEP_MILLISECONDS = 20;
/** Longest wait for an answer from a server that may not be running. */
const ANSWER_MILLISECONDS = 2_000;

interface LocalDatabaseOptions {
  /** Address of another server, which is neither started nor stopped. */
  readonly databaseUrl?: string | undefined;
  /** Further arguments of the server. */
  readonly flags?: readonly string[];
}

/**
 * Opens the database that belongs to `dir`, on a free port, and creates it if it does not exist. Its data are stored in
 * `<dir>/postgres`, or in the folder that a link there points to, and its password is one of the keys of `dir`. A
 * server that an earlier process left running on the same data is reused. `databaseUrl` names another server instead.
 *
 * @throws {LocalError} where it does not start, or the keys are damaged.
 */
export async function openLocalDatabase(
  dir: string,
  { databaseUrl = '', flags = [] }: LocalDatabaseOptions = {},
): Promise<LocalDatabase> {
  if (databaseUrl !== '') {
    return { url: databaseUrl, folder: undefined, close: () => Promise.resolve() };
  }
  const { databasePassword: password } = await readLocalKeys(dir);
  const found = await findData(dir);
  const running = found === undefined ? undefined : await findRunning(found, password);
  const { url, folder } = running ?? (await startPostgres(dir, password, flags));
  return { url, folder, close: () => stopPostgres(folder) };
}

/** Deletes the database that belongs to `dir`, and stops a server that runs on it. */
export async function discardLocalDatabase(dir: string): Promise<void> {
  const found = await findData(dir);
  const password = (await findLocalKeys(dir).catch(() => undefined))?.databasePassword ?? '';
  if (found !== undefined && (await findRunning(found, password)) !== undefined) {
    await stopPostgres(found);
  }
  await removeData(dir);
}

interface Running {
  readonly url: string;
  readonly folder: string;
}

async function startPostgres(
  dir: string,
  password: string,
  flags: readonly string[],
): Promise<Running> {
  const place = await choosePlace(dir);
  const port = await findFreePort();
  const url = writeUrl(port, password);
  try {
    const server = { address: ADDRESS, port, user: USER, password, flags };
    await startServer(place, server);
    if (!(await answersFor(url, place.folder))) {
      // The data were created with other keys, which have been deleted.
      await stopPostgres(place.folder);
      await setPassword(place, server);
      await startServer(place, server);
    }
  } catch (cause) {
    if (cause instanceof LocalError) throw cause;
    throw new LocalError(
      `PostgreSQL did not start on ${place.folder}: ${explain(cause, place)} LOCAL_DIR can name another folder, and DATABASE_URL another server.`,
      { cause },
    );
  }
  return { url, folder: place.folder };
}

/** Returns in sentences why a server did not start: its messages, or an explanation of the system's error. */
function explain(error: unknown, { user }: Place): string {
  const { code, syscall = '', message } = Object(error) as NodeJS.ErrnoException;
  // The program exists, but the loader that it needs does not.
  if (code === 'ENOENT' && syscall.startsWith('spawn')) {
    return 'its program needs glibc, which Alpine Linux and some others do not have.';
  }
  if ((code === 'EPERM' || code === 'EINVAL') && user !== undefined) {
    return `root may not act as the user ${user.name} here (${message}): start as an ordinary user.`;
  }
  return /\.$/.test(message) ? message : `${message}.`;
}

/** Returns the server that already runs on `folder`, for example because the process that started it was killed. */
async function findRunning(folder: string, password: string): Promise<Running | undefined> {
  const lock = await readLock(folder);
  if (lock?.dataFolder !== folder) return undefined;
  const url = writeUrl(lock.port, password);
  return (await answersFor(url, folder)) ? { url, folder } : undefined;
}

/** Returns what the server that runs on `folder` wrote about itself, or undefined where none runs. */
async function readLock(folder: string) {
  const lock = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (lock === undefined) return undefined;
  // https://www.postgresql.org/docs/current/storage-file-layout.html: process id, data folder, start time, port.
  const [processId, dataFolder, , port] = lock.split('\n');
  return { processId: Number(processId), dataFolder, port: Number(port) };
}

/**
 * Stops the server that runs on `folder`. A signal to the whole process group, such as that of Ctrl+C, has already
 * stopped it, or is about to.
 */
async function stopPostgres(folder: string): Promise<void> {
  const lock = await readLock(folder);
  // PostgreSQL's fast shutdown, which does not wait for clients to disconnect.
  if (lock === undefined || !signal(lock.processId, 'SIGINT')) return;
  const giveUpAt = performance.now() + STOP_MILLISECONDS;
  while (performance.now() < giveUpAt) {
    if (!(await exists(join(folder, 'postmaster.pid'))) || !signal(lock.processId, 0)) return;
    await wait(STOP_STEP_MILLISECONDS);
  }
  throw new Error(`PostgreSQL did not stop on ${folder}`);
}

/** Returns false if there is no such process. */
function signal(processId: number, name: 'SIGINT' | 0): boolean {
  try {
    return process.kill(processId, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

async function answersFor(url: string, folder: string): Promise<boolean> {
  const connection = createConnection({
    ...{ databaseUrl: url, clock: Date, answerMilliseconds: ANSWER_MILLISECONDS },
  });
  try {
    const [row] = await connection.run((sql) =>
      sql.unsafe<{ data_directory: string }[]>('show data_directory'),
    );
    return row?.data_directory === folder;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

function writeUrl(port: number, password: string): string {
  return `postgres://${USER}:${encodeURIComponent(password)}@${ADDRESS}:${port}/postgres`;
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
