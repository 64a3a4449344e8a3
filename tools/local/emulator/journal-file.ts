import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { absent } from '../absent.ts';

/** What a list has under a key now; without a value, nothing any more. */
export type Change = readonly [list: string, key: string, value?: unknown];

/** First line of the file. */
export const HEADER = `${JSON.stringify({ version: 2 })}\n`;
/** Most bytes of a file that are read, or of text that is written, at once. */
const CHUNK = 1024 * 1024;
const NEWLINE = 0x0a;

/** Writes `bytes` at the end of `file`, which is at `position`. @throws Error if it is not. */
export async function writeAt(file: string, position: number, bytes: Buffer): Promise<void> {
  // Opened for each write: a file that was removed, or that another process writes, must not be written unnoticed.
  const handle = await open(file, constants.O_RDWR);
  try {
    const { size } = await handle.stat();
    if (size !== position) {
      throw new Error(`Another process has changed ${file}: restart the emulator`);
    }
    await writeAll(handle, bytes, position);
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Writes a file next to `file`, syncs it, and puts it in the place of `file`. Returns what `write` returns. */
export async function replaceFile<Result>(
  draft: string,
  file: string,
  write: (handle: FileHandle) => Promise<Result>,
): Promise<Result> {
  const handle = await open(draft, 'w');
  try {
    const result = await write(handle);
    await handle.datasync();
    await rename(draft, file);
    return result;
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
}

/** Writes the format and `changes`, one a line, in pieces between which others may run. Returns the number of bytes. */
export async function writeChanges(handle: FileHandle, changes: Iterable<Change>): Promise<number> {
  let size = 0;
  let text = HEADER;
  const flush = async () => {
    const bytes = Buffer.from(text);
    text = '';
    await writeAll(handle, bytes, size);
    size += bytes.length;
  };
  for (const change of changes) {
    text += `${JSON.stringify([change])}\n`;
    if (text.length >= CHUNK / 4) await flush();
  }
  await flush();
  return size;
}

/** Appends the bytes of `file` from `from` to `to` to what was written to `target`. */
export async function copyRange(
  file: string,
  from: number,
  to: number,
  target: FileHandle,
): Promise<void> {
  const source = await open(file, 'r');
  try {
    const { size } = await target.stat();
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, to - from));
    for (let position = from; position < to; ) {
      const most = Math.min(buffer.length, to - position);
      const { bytesRead } = await source.read(buffer, 0, most, position);
      if (bytesRead === 0) throw new Error(`Another process has changed ${file}`);
      await writeAll(target, buffer.subarray(0, bytesRead), size + position - from);
      position += bytesRead;
    }
  } finally {
    await source.close();
  }
}

/** Applies every whole line of the file. Returns where the last of them ends, 0 if there is none. */
export async function readChanges(
  file: string,
  apply: (change: Change) => void,
): Promise<{ readonly end: number; readonly dropped: number }> {
  const handle = await open(file, 'r').catch(absent);
  if (handle === undefined) return { end: 0, dropped: 0 };
  let line = 0;
  const read = (bytes: Buffer) => {
    line += 1;
    try {
      readLine(bytes.toString(), line, apply);
    } catch (cause) {
      throw notAState(file, `line ${line}: ${explain(cause)}`, cause);
    }
  };
  let end = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of handle.createReadStream({ highWaterMark: CHUNK })) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let stop = bytes.indexOf(NEWLINE); stop !== -1; stop = bytes.indexOf(NEWLINE, start)) {
      read(bytes.subarray(start, stop));
      end += stop + 1 - start;
      start = stop + 1;
    }
    rest = bytes.subarray(start);
  }
  if (line === 0 && !HEADER.startsWith(rest.toString())) {
    throw notAState(file, 'line 1: it does not say its format');
  }
  return { end, dropped: line === 0 ? 0 : rest.length };
}

function readLine(text: string, line: number, apply: (change: Change) => void): void {
  if (line === 1) {
    if (`${text}\n` !== HEADER) throw new Error('it does not say its format');
    return;
  }
  const changes: unknown = JSON.parse(text);
  if (!Array.isArray(changes)) throw new Error('it has no changes');
  for (const change of changes) {
    if (!isChange(change)) throw new Error('one of its changes has no list or no key');
    apply(change);
  }
}

function isChange(change: unknown): change is Change {
  if (!Array.isArray(change)) return false;
  const [list, key] = change;
  return typeof list === 'string' && typeof key === 'string' && change.length <= 3;
}

/** Returns the error about a file that cannot be read, to be thrown. */
export function notAState(file: string, detail: string, cause?: unknown): Error {
  return new Error(
    `${file} is not a state of the VOD emulator (${detail}). Delete it to start without it.`,
    { cause },
  );
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
