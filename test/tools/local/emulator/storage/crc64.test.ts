import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combineCrc64, createCrc64 } from '../../../../../tools/local/emulator/storage/crc64.ts';
import { crc64BitByBit } from './crc64-bit-by-bit.ts';

function crc64(...chunks: readonly Uint8Array[]): bigint {
  const crc = createCrc64();
  for (const chunk of chunks) crc.update(chunk);
  return crc.value();
}

const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });

describe('the CRC-64', () => {
  // The check value of CRC-64/XZ: https://reveng.sourceforge.io/crc-catalogue/17plus.htm
  test('of the public vector is the published value', () => {
    expect(crc64(Buffer.from('123456789'))).toBe(11051210869376104954n);
  });

  test('of nothing is zero', () => {
    expect(crc64()).toBe(0n);
    expect(crc64(Buffer.alloc(0))).toBe(0n);
  });

  test('of any bytes, in any chunks, is that of an implementation bit by bit', () => {
    fc.assert(
      fc.property(pieces, (chunks) => {
        expect(crc64(...chunks)).toBe(crc64BitByBit(Buffer.concat(chunks)));
      }),
    );
  });

  test('of a chunk that begins at any address of its memory is the same', () => {
    const memory = randomBytes(64);
    for (let begin = 0; begin < 9; begin += 1) {
      const chunk = memory.subarray(begin, begin + 41);
      expect(crc64(chunk)).toBe(crc64BitByBit(chunk));
    }
  });

  test('of 64 KiB is that of an implementation bit by bit', () => {
    const bytes = randomBytes(65_536);

    expect(crc64(bytes)).toBe(crc64BitByBit(bytes));
  });
});

describe('the combined CRC-64', () => {
  test('of any pieces is that of their bytes', () => {
    fc.assert(
      fc.property(pieces, (chunks) => {
        const known = chunks.map((chunk) => ({ crc64: crc64(chunk), size: chunk.length }));

        expect(combineCrc64(known)).toBe(crc64BitByBit(Buffer.concat(chunks)));
      }),
    );
  });

  test('of zero bytes beyond 4 GiB is found without reading them', () => {
    // 5 GiB of zeros, put together from one 1 MiB.
    const zeros = Buffer.alloc(1024 * 1024);
    const mebibyte = { crc64: crc64(zeros), size: zeros.length };
    const gibibyte = { crc64: combineCrc64(Array(1024).fill(mebibyte)), size: 1024 ** 3 };
    const half = { crc64: combineCrc64(Array(5).fill(gibibyte)), size: 5 * 1024 ** 3 };

    expect(combineCrc64([half, half])).toBe(combineCrc64(Array(10).fill(gibibyte)));
  });
});
