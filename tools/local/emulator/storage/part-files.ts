import { createHash, randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { absent } from './json-file.ts';
import type { StoredPart } from './objects.ts';

/**
 * A part on disk. Its file name has all its data, so that listing 10,000 parts is one directory read:
 * `<part number>-<order>-<size>-<md5>`. A part that was sent twice has two files; the higher order counts.
 */
export interface PartFile {
  /** Name inside the directory of its upload. */
  readonly file: string;
  readonly partNumber: number;
  /** When the part was finished: microseconds since 1970, unique. */
  readonly order: number;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly md5: string;
}

/** Returns a larger number on every call, close to the clock in microseconds. */
export type NextOrder = () => number;

const PART_NAME = /^(\d{5})-(\d{16})-(\d+)-([0-9a-f]{32})$/;
const DRAFT = '.tmp';
const WRITE_BUFFER_BYTES = 1024 * 1024;

/**
 * Streams `body` into a new part file of `directory`.
 *
 * @throws Error if `body` fails or is not exactly `length` bytes; nothing is stored then.
 */
export async function writePartFile(
  directory: string,
  partNumber: number,
  body: Readable,
  length: number,
  nextOrder: NextOrder,
): Promise<PartFile> {
  const draft = join(directory, `${randomUUID()}${DRAFT}`);
  try {
    const md5 = await writeDraft(draft, body, length);
    const order = nextOrder();
    const file = [String(partNumber).padStart(5, '0'), order, length, md5].join('-');
    await rename(draft, join(directory, file));
    return { file, partNumber, order, size: length, md5 };
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeDraft(draft: string, body: Readable, length: number): Promise<string> {
  const hash = createHash('md5');
  let size = 0;
  const handle = await open(draft, 'wx').catch((error: unknown) => {
    body.destroy();
    throw error;
  });
  await pipeline(
    body,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > length) throw new Error(`The body is longer than the ${length} bytes announced`);
        hash.update(chunk);
        yield chunk;
      }
    },
    handle.createWriteStream({ highWaterMark: WRITE_BUFFER_BYTES }),
  );
  if (size < length) throw new Error(`The body ended after ${size} of ${length} bytes`);
  return hash.digest('hex');
}

/** Returns every complete part file of `directory`, by part number and then oldest first. */
export async function readPartFiles(directory: string): Promise<readonly PartFile[]> {
  const names = (await readdir(directory).catch(absent)) ?? [];
  return names.sort().flatMap((file) => {
    const [, partNumber, order, size, md5] = PART_NAME.exec(file) ?? [];
    if (md5 === undefined) return [];
    return { file, partNumber: Number(partNumber), order: Number(order), size: Number(size), md5 };
  });
}

/**
 * Returns the part files that count, by part number: for a part that was sent twice, the one that was finished last.
 */
export function latestParts(files: readonly PartFile[]): ReadonlyMap<number, PartFile> {
  return new Map(files.map((file) => [file.partNumber, file]));
}

/** Returns `part` in the form for clients. */
export function toStoredPart(part: PartFile): StoredPart {
  return {
    partNumber: part.partNumber,
    size: part.size,
    etag: `"${part.md5}"`,
    lastModified: new Date(Math.floor(part.order / 1000)).toISOString(),
  };
}

/** Removes the files that interrupted writers left in `directory`. */
export async function removeDrafts(directory: string): Promise<void> {
  const names = (await readdir(directory).catch(absent)) ?? [];
  const drafts = names.filter((name) => name.endsWith(DRAFT));
  await Promise.all(drafts.map((name) => rm(join(directory, name), { force: true })));
}
