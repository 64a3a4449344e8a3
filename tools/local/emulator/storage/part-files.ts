import { createHash, randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { defined } from '../../../../lib/validation/json-object.ts';
import { absent } from '../../absent.ts';
import { combineCrc64, createCrc64 } from './crc64.ts';
import type { StoredPart } from './objects.ts';

/**
 * A part on disk. Its file name has all its data, so that listing 10,000 parts is one directory read:
 * `<part number>-<order>-<size>-<md5>-<crc64>`. A part that was sent twice has two files; the higher order counts.
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
  /** Unsigned decimal; undefined for a part that an earlier version stored, whose name ends with the MD5. */
  readonly crc64: string | undefined;
}

/** Returns a larger number on every call, close to the clock in microseconds. */
export type NextOrder = () => number;

const PART_NAME = /^(\d{5})-(\d{16})-(\d+)-([0-9a-f]{32})(?:-(\d{1,20}))?$/;
const DRAFT = '.tmp';
const WRITE_BUFFER_BYTES = 1024 * 1024;

/**
 * Streams `body` into a new part file of `directory`.
 *
 * @throws Error if `body` fails or is not exactly `length` bytes, where that is given; nothing is stored then.
 */
export async function writePartFile(
  directory: string,
  partNumber: number,
  body: Readable,
  length: number | undefined,
  nextOrder: NextOrder,
): Promise<PartFile> {
  const draft = join(directory, `${randomUUID()}${DRAFT}`);
  try {
    const { size, md5, crc64 } = await writeDraft(draft, body, length);
    const order = nextOrder();
    const file = [String(partNumber).padStart(5, '0'), order, size, md5, crc64].join('-');
    await rename(draft, join(directory, file));
    return { file, partNumber, order, size, md5, crc64 };
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeDraft(
  draft: string,
  body: Readable,
  length: number | undefined,
): Promise<Pick<PartFile, 'size' | 'md5' | 'crc64'>> {
  const hash = createHash('md5');
  const crc = createCrc64();
  const [least, most] = length === undefined ? [0, Number.POSITIVE_INFINITY] : [length, length];
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
        if (size > most) throw new Error(`The body is longer than the ${length} bytes announced`);
        hash.update(chunk);
        crc.update(chunk);
        yield chunk;
      }
    },
    handle.createWriteStream({ highWaterMark: WRITE_BUFFER_BYTES }),
  );
  if (size < least) throw new Error(`The body ended after ${size} of ${length} bytes`);
  return { size, md5: hash.digest('hex'), crc64: String(crc.value()) };
}

/** Returns every complete part file of `directory`, by part number and then oldest first. */
export async function readPartFiles(directory: string): Promise<readonly PartFile[]> {
  const names = (await readdir(directory).catch(absent)) ?? [];
  return names.sort().flatMap((file) => {
    const [, partNumber, order, size, md5, crc64] = PART_NAME.exec(file) ?? [];
    if (md5 === undefined) return [];
    const numbers = { partNumber: Number(partNumber), order: Number(order), size: Number(size) };
    return { file, ...numbers, md5, crc64 };
  });
}

/**
 * Returns the part files that count, by part number: for a part that was sent twice, the one that was finished last.
 */
export function latestParts(files: readonly PartFile[]): ReadonlyMap<number, PartFile> {
  return new Map(files.map((file) => [file.partNumber, file]));
}

/** Returns the ETag of the joined parts: the MD5 of their MD5s, and their number, as in S3 and COS. */
export function etagOf(parts: readonly PartFile[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part.md5, 'hex');
  return `"${hash.digest('hex')}-${parts.length}"`;
}

/**
 * Returns the CRC-64 of the joined parts, unsigned decimal; undefined unless every part has one, as in COS.
 * https://www.tencentcloud.com/document/product/436/34078
 */
export function crc64Of(parts: readonly PartFile[]): string | undefined {
  const pieces = parts.flatMap(({ crc64, size }) =>
    crc64 === undefined ? [] : [{ crc64: BigInt(crc64), size }],
  );
  return pieces.length === parts.length ? String(combineCrc64(pieces)) : undefined;
}

/** Returns `part` in the form for clients. */
export function toStoredPart(part: PartFile): StoredPart {
  return {
    partNumber: part.partNumber,
    size: part.size,
    etag: `"${part.md5}"`,
    ...defined({ crc64: part.crc64 }),
    lastModified: new Date(Math.floor(part.order / 1000)).toISOString(),
  };
}

/** Removes the files that interrupted writers left in `directory`. */
export async function removeDrafts(directory: string): Promise<void> {
  const names = (await readdir(directory).catch(absent)) ?? [];
  const drafts = names.filter((name) => name.endsWith(DRAFT));
  await Promise.all(drafts.map((name) => rm(join(directory, name), { force: true })));
}
