import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { StoredObject } from './objects.ts';

const READ_BUFFER_BYTES = 256 * 1024;

/** Returns the bytes `start` to `end`, both included, as one stream over the part files. */
export function readObject(object: StoredObject, start: number, end: number): Readable {
  return Readable.from(readSlices(object, start, end), { objectMode: false });
}

async function* readSlices(object: StoredObject, start: number, end: number) {
  let offset = 0;
  for (const { file, size } of object.parts) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, size - 1);
    if (from <= to) {
      yield* createReadStream(file, { start: from, end: to, highWaterMark: READ_BUFFER_BYTES });
    }
    offset += size;
    if (offset > end) return;
  }
}
