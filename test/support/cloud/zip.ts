import { crc32, inflateRawSync } from 'node:zlib';

/** A file of a zip. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
  /** Permissions and kind as in Unix; 0 if unknown. */
  readonly mode: number;
  /** Date and time as in MS-DOS, in 32 bits. */
  readonly modified: number;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;
const END_BYTES = 22;
const STORED = 0;
const DEFLATED = 8;

/**
 * Returns the files of a zip, in its order.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 * @throws RangeError if a size, a position or a checksum is wrong.
 */
export function readZip(zip: Buffer): readonly ZipEntry[] {
  const end = zip.length - END_BYTES;
  demand(end >= 0 && zip.readUInt32LE(end) === END, 'it does not end as a zip without a comment');
  const count = zip.readUInt16LE(end + 10);
  const start = zip.readUInt32LE(end + 16);
  demand(start + zip.readUInt32LE(end + 12) === end, 'its directory is not just before its end');
  const entries: ZipEntry[] = [];
  let at = start;
  for (let index = 0; index < count; index += 1) {
    demand(zip.readUInt32LE(at) === CENTRAL_HEADER, 'its directory is too short');
    entries.push(readEntry(zip, at));
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  demand(at === end, 'its directory is too long');
  const names = new Set(entries.map(({ name }) => name));
  demand(names.size === entries.length, 'it has two files of one name');
  return entries;
}

function readEntry(zip: Buffer, at: number): ZipEntry {
  const name = zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28));
  const compressed = zip.readUInt32LE(at + 20);
  const size = zip.readUInt32LE(at + 24);
  const local = zip.readUInt32LE(at + 42);
  demand(zip.readUInt32LE(local) === LOCAL_HEADER, `${name} is not where its directory says`);
  const nameEnd = local + 30 + zip.readUInt16LE(local + 26);
  demand(zip.toString('utf8', local + 30, nameEnd) === name, `${name} has another name itself`);
  const from = nameEnd + zip.readUInt16LE(local + 28);
  const content = unpack(zip.readUInt16LE(at + 10), zip.subarray(from, from + compressed));
  demand(content.length === size, `${name} has another size`);
  demand(crc32(content) === zip.readUInt32LE(at + 16), `${name} has another checksum`);
  return {
    name,
    content,
    mode: zip.readUInt32LE(at + 38) >>> 16,
    modified: zip.readUInt32LE(at + 12),
  };
}

function unpack(method: number, bytes: Buffer): Buffer {
  if (method === STORED) return Buffer.from(bytes);
  demand(method === DEFLATED, `it is packed in a way that has the number ${method}`);
  return inflateRawSync(bytes);
}

function demand(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new RangeError(`Cannot read the zip: ${problem}`);
}
