import { type FileHandle, open, stat } from 'node:fs/promises';
import { PutError } from './put-error.ts';

/** What identifies the content of a file, without reading it. */
export interface FileIdentity {
  readonly size: number;
  /** Nanoseconds since 1970, as a decimal number. */
  readonly modified: string;
  readonly device: string;
  readonly inode: string;
}

/** Bytes that are uploaded as one object, and can be read again. */
export interface PartSource {
  readonly size: number;
  /** Fills the beginning of `buffer` with the bytes at `start`, as many as there are room for and left; returns them. */
  readonly read: (buffer: Buffer, start: number) => Promise<Buffer>;
  /** @throws {PutError} `file_changed` if the bytes may not be the same as before. */
  readonly verify: () => Promise<void>;
}

/** A file, which is opened when it is first read. */
export interface FileSource extends PartSource {
  readonly identity: FileIdentity;
  readonly close: () => Promise<void>;
}

/**
 * Returns a file for uploading.
 *
 * @throws {PutError} `unreadable`, which says why.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isFile()) throw new PutError('unreadable', `${path} is not a file.`);
  const identity = describe(found);
  let opened: Promise<FileHandle> | undefined;
  const file = () => {
    opened ??= open(path);
    return opened.catch((error: unknown) => {
      throw unreadable(path, error);
    });
  };
  return {
    ...{ identity, size: identity.size },
    read: async (buffer, start) => readAt(await file(), path, buffer, start),
    async verify() {
      if (!isSame(await identify(await file()), identity)) throw changed(path);
    },
    async close() {
      const handle = await opened?.catch(() => undefined);
      opened = undefined;
      await handle?.close();
    },
  };
}

/**
 * Checks that the path still has the file that was opened: a program may have replaced it.
 *
 * @throws {PutError} `file_changed`.
 */
export async function verifyPath(path: string, { identity }: FileSource): Promise<void> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined || !isSame(describe(found), identity)) throw changed(path);
}

/** Returns whether two identities are those of the same content. */
export function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return (
    a.size === b.size && a.modified === b.modified && a.device === b.device && a.inode === b.inode
  );
}

async function identify(file: FileHandle): Promise<FileIdentity> {
  return describe(await file.stat({ bigint: true }));
}

function describe({
  size,
  mtimeNs,
  dev,
  ino,
}: {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
}): FileIdentity {
  return { size: Number(size), modified: `${mtimeNs}`, device: `${dev}`, inode: `${ino}` };
}

async function readAt(
  file: FileHandle,
  path: string,
  buffer: Buffer,
  start: number,
): Promise<Buffer> {
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (bytesRead === 0 && buffer.length > 0) throw changed(path);
  return buffer.subarray(0, bytesRead);
}

function changed(path: string): PutError {
  return new PutError(
    'file_changed',
    `${path} changed while it was read: nothing of it was uploaded. Upload it again once no program writes to it.`,
  );
}

function unreadable(path: string, error: unknown): PutError {
  const code = Object(error).code ?? 'unknown';
  return new PutError('unreadable', `${path} cannot be read (${code}).`, {
    reason: code,
    cause: error,
  });
}
