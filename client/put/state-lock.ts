import { randomUUID } from 'node:crypto';
import { link, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { PutError } from './put-error.ts';

/** A lock that this process has. */
export interface Lock {
  readonly release: () => Promise<void>;
}

const holderSchema = v.object({
  token: v.string(),
  pid: v.number(),
  host: v.string(),
  /** When the process started, by a clock of its machine; empty where that is not known. */
  started: v.string(),
});
type Holder = v.InferOutput<typeof holderSchema>;

/**
 * Locks `file`. The lock of a process that has ended does not count: its number may belong to another process by now, so
 * the time when that one started is compared, too.
 *
 * @param subject what the lock is for, for the message.
 * @throws {PutError} `in_use` if another process has it.
 */
export async function lockState(file: string, subject: string): Promise<Lock> {
  for (;;) {
    const lock = await take(file);
    if (lock !== undefined) return lock;
    const holder = await readHolder(file);
    // It was released in the meantime.
    if (holder === undefined) continue;
    if (await isAlive(holder)) throw inUse(file, subject, holder);
    await remove(file, holder, subject);
  }
}

/** The locks of this process in one folder: their files are links to one. */
interface Held {
  count: number;
  readonly draft: string;
  readonly written: Promise<void>;
}
const held = new Map<string, Held>();

/** Returns undefined if somebody has the lock. */
async function take(file: string): Promise<Lock | undefined> {
  const folder = dirname(file);
  const own = held.get(folder) ?? hold(folder);
  own.count += 1;
  const leave = async () => {
    own.count -= 1;
    if (own.count > 0) return;
    if (held.get(folder) === own) held.delete(folder);
    await unlink(own.draft).catch(() => undefined);
  };
  try {
    await own.written;
    await link(own.draft, file);
  } catch (error) {
    await leave();
    if (Object(error).code === 'EEXIST') return undefined;
    throw error;
  }
  return {
    async release() {
      await unlink(file).catch(() => undefined);
      await leave();
    },
  };
}

function hold(folder: string): Held {
  const own = { token: randomUUID(), pid: process.pid, host: hostname() };
  const draft = draftOf(folder, own);
  const written = ownStart.then((started) =>
    writeFile(draft, JSON.stringify({ ...own, started } satisfies Holder)),
  );
  const created = { count: 0, draft, written };
  held.set(folder, created);
  written.catch(() => {
    if (held.get(folder) === created) held.delete(folder);
  });
  return created;
}

function draftOf(folder: string, { token }: Pick<Holder, 'token'>): string {
  return join(folder, `${token}.process`);
}

/**
 * Removes the lock of a process that has ended. Of several processes that want to, one has the right at a time; nobody removes
 * the lock that it takes then. That right is a lock, too: its holder may be ended just as well.
 *
 * @throws {PutError} `in_use` if another process is removing it.
 */
async function remove(file: string, holder: Holder, subject: string): Promise<void> {
  const right = await lockState(`${file}.${holder.token}`, subject);
  try {
    if ((await readHolder(file))?.token === holder.token) await rm(file, { force: true });
    await rm(draftOf(dirname(file), holder), { force: true });
  } finally {
    await right.release();
  }
}

/** A file that was cut, by a crash of the machine, belongs to nobody. */
async function readHolder(file: string): Promise<Holder | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return v.parse(holderSchema, JSON.parse(text));
  } catch {
    return { token: 'damaged', pid: 0, host: hostname(), started: '' };
  }
}

async function isAlive({ pid, host, started }: Holder): Promise<boolean> {
  // Nothing can be found out about the processes of another machine.
  if (host !== hostname()) return true;
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (Object(error).code === 'ESRCH') return false;
  }
  const now = await readStart(pid);
  return started === '' || now === '' || started === now;
}

/** It is the same for all locks of this process. */
const ownStart = readStart(process.pid);

/** Returns field 22 of https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; the empty text elsewhere. */
async function readStart(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is a name in parentheses, which may have anything in it.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function inUse(file: string, subject: string, { pid, host }: Holder): PutError {
  const where = host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
  return new PutError(
    'in_use',
    `${subject} is being uploaded by ${where}. If that is no longer so, remove ${file}.`,
  );
}
