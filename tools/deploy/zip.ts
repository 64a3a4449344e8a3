import { crc32 } from 'node:zlib';

/** A file of an archive; its name has no folder. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
}

/** 1980-01-01, the first day of the format. */
const DATE = 0x21;
/** Format 2.0; for the central directory "made on Unix" is added, so that programs read the mode. */
const VERSION = 20;
const MADE_ON_UNIX = (3 << 8) | VERSION;
/** A regular file that its owner may write and everyone may read: the platform runs code as another user. */
const MODE = (0o100644 << 16) >>> 0;

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;

/**
 * Returns an archive of `entries`, sorted by name. The same entries give the same bytes, on every machine: nothing is
 * compressed, since compressed bytes differ with the processor and the version of zlib.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of sorted) {
    const bytes = Buffer.from(name);
    const fields = describeFile(bytes, content);
    const file = Buffer.concat([uint32(LOCAL_HEADER), uint16(VERSION), fields, bytes, content]);
    directory.push(
      uint32(CENTRAL_HEADER),
      uint16(MADE_ON_UNIX, VERSION),
      fields,
      // No comment, the first disk, binary.
      uint16(0, 0, 0),
      uint32(MODE, offset),
      bytes,
    );
    files.push(file);
    offset += file.length;
  }
  const central = Buffer.concat(directory);
  const end = [
    uint32(END),
    uint16(0, 0, sorted.length, sorted.length),
    uint32(central.length, offset),
    uint16(0),
  ];
  return Buffer.concat([...files, central, ...end]);
}

/** The common part of both headers of a file: no flags, stored, its time, checksum, sizes, and no extra field. */
function describeFile(name: Buffer, content: Uint8Array): Buffer {
  return Buffer.concat([
    uint16(0, 0, 0, DATE),
    uint32(crc32(content), content.length, content.length),
    uint16(name.length, 0),
  ]);
}

function uint16(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) buffer.writeUInt16LE(value, index * 2);
  return buffer;
}

function uint32(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32LE(value, index * 4);
  return buffer;
}
