import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineCrc64, createCrc64 } from '../../../client/put/crc64.ts';
import * as emulated from '../../../tools/local/emulator/storage/crc64.ts';

function crcOf(...pieces: readonly Uint8Array[]): string {
  const crc = createCrc64();
  for (const piece of pieces) crc.update(piece);
  return crc.value();
}

describe('createCrc64()', () => {
  it('has the check value of CRC-64/XZ', () => {
    // https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-xz: 0x995dc9bbdf1939fa
    expect(crcOf(Buffer.from('123456789'))).toBe(String(0x995dc9bbdf1939fan));
    expect(crcOf()).toBe('0');
  });

  it('is the same in pieces, and as the emulator computes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        const other = emulated.createCrc64();
        other.update(bytes);
        expect(crcOf(bytes)).toBe(String(other.value()));
        expect(crcOf(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(crcOf(bytes));
      }),
    );
  });
});

describe('combineCrc64()', () => {
  it('is the CRC-64 of all pieces one after the other', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (pieces) => {
        const parts = pieces.map((piece) => ({ crc64: crcOf(piece), size: piece.length }));
        expect(combineCrc64(parts)).toBe(crcOf(...pieces));
      }),
    );
  });

  it('takes the largest parts that there are', () => {
    const crc64 = crcOf(Buffer.from('a'));
    const sizes = [5 * 1024 ** 3, 5 * 1024 ** 3, 7];

    expect(combineCrc64(sizes.map((size) => ({ crc64, size })))).toBe(
      String(emulated.combineCrc64(sizes.map((size) => ({ crc64: BigInt(crc64), size })))),
    );
  });
});
