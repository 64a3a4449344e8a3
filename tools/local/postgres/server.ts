import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { chown, mkdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { draftsOf, type Place } from './place.ts';
import { findProgram } from './program.ts';

type Child = ChildProcessByStdio<null, null, Readable>;

/** Address, port, user and password of a server, and further arguments. */
export interface ServerOptions {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Further arguments of the server. */
  readonly flags: readonly string[];
}

/** The message of a server that can be reached: https://www.postgresql.org/docs/current/server-start.html. */
const READY = 'database system is ready to accept connections';
/** Enough of the last messages to explain a failure. */
const MESSAGE_LINES = 5;

/**
 * Starts a server on the data in `place`, which are created if there are none, and resolves when it can be reached. It
 * continues to run when this process is killed.
 *
 * @throws an error with the server's messages if it does not start.
 */
export async function startServer(place: Place, options: ServerOptions): Promise<void> {
  const program = await findProgram(place.user);
  const isNew = await stat(join(place.folder, 'PG_VERSION')).then(
    () => false,
    () => true,
  );
  if (isNew) await makeData(program, place, options);
  const child = launch(join(program, 'bin', 'postgres'), place, place.folder, [
    ...['-D', place.folder, '-p', String(options.port)],
    ...['-c', `listen_addresses=${options.address}`, '-c', 'unix_socket_directories='],
    ...options.flags,
  ]);
  await isReady(child);
}

/** Creates the data under another name, since an interrupted start would leave them incomplete. */
async function makeData(
  program: string,
  place: Place,
  { user, password }: ServerOptions,
): Promise<void> {
  const [draft, passwordFile] = draftsOf(place.folder);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  for (const path of [draft, passwordFile]) {
    if (place.user !== undefined) await chown(path, place.user.uid, place.user.gid);
  }
  try {
    const child = launch(join(program, 'bin', 'initdb'), place, draft, [
      ...[`--pgdata=${draft}`, `--username=${user}`, `--pwfile=${passwordFile}`],
      ...['--auth=password', '--encoding=UTF8', '--locale=C'],
    ]);
    const messages = keepMessages(child);
    if ((await exitOf(child)) !== 0) throw new Error(messages.last.join(' '));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(passwordFile, { force: true });
  }
  // On some systems the rename fails if an empty folder exists.
  await rmdir(place.folder).catch(() => undefined);
  await rename(draft, place.folder);
}

/**
 * Sets the password of the user in the data in `place`, without a server: none may run on them.
 *
 * @throws an error with the program's messages if it fails.
 * @see https://www.postgresql.org/docs/current/app-postgres.html#APP-POSTGRES-SINGLE-USER
 */
export async function setPassword(
  place: Place,
  { user, password }: Pick<ServerOptions, 'user' | 'password'>,
): Promise<void> {
  const program = await findProgram(place.user);
  const args = ['--single', '-D', place.folder, 'postgres'];
  const child = spawn(join(program, 'bin', 'postgres'), args, {
    ...spawnOptions(place, place.folder),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const messages = keepMessages(child);
  // If the program ends before it reads this, its messages say why.
  child.stdin.once('error', () => undefined);
  child.stdin.end(`alter role ${user} password '${password.replaceAll("'", "''")}'\n`);
  if ((await exitOf(child)) !== 0) throw new Error(messages.last.join(' '));
}

function launch(program: string, place: Place, cwd: string, args: readonly string[]): Child {
  return spawn(program, args, {
    ...spawnOptions(place, cwd),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function spawnOptions({ user }: Place, cwd: string) {
  return {
    // The user may not have access to the folder of this process.
    cwd,
    env: quietEnvironment(),
    ...(user && { uid: user.uid, gid: user.gid }),
  };
}

/** PG… variables are for other servers, and a language would change the message that the start waits for. */
function quietEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

async function isReady(child: Child): Promise<void> {
  const messages = keepMessages(child);
  const ready = new Promise<undefined>((resolve) => {
    messages.reader.on('line', (line) => {
      if (line.includes(READY)) resolve(undefined);
    });
  });
  const code = await Promise.race([ready, exitOf(child)]);
  if (code !== undefined) throw new Error(messages.last.join(' '));
}

/** Remembers the last lines that `child` writes. Its output must be read, or the process would block. */
function keepMessages({ stderr }: { readonly stderr: Readable }) {
  const last: string[] = [];
  const reader = createInterface({ input: stderr });
  reader.on('line', (line) => {
    last.push(line);
    last.splice(0, last.length - MESSAGE_LINES);
  });
  return { last, reader };
}

/** Returns the exit code, or null after a signal. @throws if it could not be started. */
async function exitOf(child: EventEmitter): Promise<number | null> {
  const [code] = await once(child, 'close');
  return code;
}
