/**
 * Video without an encoder: H.264 (ITU-T H.264) allows a picture of plain samples, `I_PCM`. It is large and simple, and
 * every player can show it.
 */

/** Side of a macroblock in pixels. */
const BLOCK = 16;
const I_PCM = 25;
const SLICE_OF_I = 7;
const GREY = 128;

/** Writes an RBSP of the standard, bit by bit. */
function createBits() {
  const bytes: number[] = [];
  let last = 0;
  let count = 0;
  const bit = (value: number) => {
    last = (last << 1) | value;
    count += 1;
    if (count < 8) return;
    bytes.push(last);
    last = 0;
    count = 0;
  };
  const fixed = (value: number, length: number) => {
    for (let index = length - 1; index >= 0; index -= 1) bit((value >> index) & 1);
  };
  const align = () => {
    while (count > 0) bit(0);
  };
  return {
    fixed,
    align,
    /** Exp-Golomb code of a number that is not negative. */
    golomb(value: number) {
      const length = 32 - Math.clz32(value + 1);
      fixed(0, length - 1);
      fixed(value + 1, length);
    },
    raw: (samples: readonly number[]) => void bytes.push(...samples),
    end(): readonly number[] {
      bit(1);
      align();
      return bytes;
    },
  };
}

/**
 * Returns a NAL unit: its header, and the content with an escape byte wherever it looks like the start of another unit.
 */
function buildUnit(header: number, content: readonly number[]): Buffer {
  const escaped: number[] = [header];
  let zeros = 0;
  for (const byte of content) {
    if (zeros >= 2 && byte <= 3) {
      escaped.push(3);
      zeros = 0;
    }
    escaped.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(escaped);
}

/** Returns the sequence parameter set of a picture of `columns` × `rows` macroblocks: baseline profile, level 3. */
export function buildSequenceParameters(columns: number, rows: number): Buffer {
  const bits = createBits();
  for (const byte of [66, 0xc0, 30]) bits.fixed(byte, 8);
  // Its id, the size of frame numbers, and the rule that pictures are shown in decoding order.
  for (const value of [0, 0, 2, 1]) bits.golomb(value);
  bits.fixed(0, 1);
  bits.golomb(columns - 1);
  bits.golomb(rows - 1);
  // Frames instead of fields; no cropping, no further information.
  bits.fixed(0b1000, 4);
  return buildUnit(0x67, bits.end());
}

/** Returns the picture parameter set that the frames refer to. */
export function buildPictureParameters(): Buffer {
  const bits = createBits();
  for (const value of [0, 0]) bits.golomb(value);
  bits.fixed(0, 2);
  for (const value of [0, 0, 0]) bits.golomb(value);
  bits.fixed(0, 3);
  for (const value of [0, 0, 0]) bits.golomb(value);
  // Each slice itself switches the deblocking filter off.
  bits.fixed(0b100, 3);
  return buildUnit(0x68, bits.end());
}

/**
 * Returns an independent frame with one brightness (16 to 235) for each macroblock; `number` differs from the previous
 * one.
 */
export function buildFrame(brightness: readonly number[], number: number): Buffer {
  const bits = createBits();
  for (const value of [0, SLICE_OF_I, 0]) bits.golomb(value);
  bits.fixed(0, 4);
  bits.golomb(number % 2);
  bits.fixed(0, 2);
  for (const value of [0, 1]) bits.golomb(value);
  for (const value of brightness) {
    bits.golomb(I_PCM);
    bits.align();
    bits.raw(Array.from({ length: BLOCK * BLOCK }, () => value));
    bits.raw(Array.from({ length: (BLOCK * BLOCK) / 2 }, () => GREY));
  }
  return buildUnit(0x65, bits.end());
}
