/** A CRC-64 of bytes that arrive in pieces. */
export interface Crc64 {
  update(bytes: Uint8Array): void;
  /** Returns the CRC of all bytes so far. */
  value(): bigint;
}

/** Bytes of which only the CRC and the number are known. */
interface Piece {
  readonly crc64: bigint;
  /** Bytes. */
  readonly size: number;
}

/** The halves of a CRC, each 32 bits with a sign: computing with a bigint takes many times longer. */
interface Halves {
  readonly low: number;
  readonly high: number;
}

/** The polynomial of ECMA-182. Its bits are reflected, as everywhere here: the lowest bit is that of x^63. */
const POLYNOMIAL = 0xc96c5795d7870f42n;
const POLYNOMIAL_LOW = Number(BigInt.asIntN(32, POLYNOMIAL));
const POLYNOMIAL_HIGH = Number(BigInt.asIntN(32, POLYNOMIAL >> 32n));
const ONE = 1n << 63n;
const X = ONE >> 1n;

const STEP_BYTES = 8;

/** The halves of the CRC of each byte value that is followed by 0 to 7 zero bytes, at `256 * zeros + value`. */
const LOW = new Int32Array(256 * STEP_BYTES);
const HIGH = new Int32Array(256 * STEP_BYTES);
fillTables();

/**
 * Returns the CRC-64 that storage reports as `x-cos-hash-crc64ecma`: that of ECMA-182 with reflected bits, whose register
 * begins with ones and is inverted at the end. It looks up eight bytes at a time.
 * https://www.tencentcloud.com/document/product/436/34078
 */
export function createCrc64(): Crc64 {
  let halves: Halves = { low: -1, high: -1 };
  return {
    update(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const stepped = bytes.length - (bytes.length % STEP_BYTES);
      halves = addSteps(halves, view, stepped);
      for (let offset = stepped; offset < bytes.length; offset += 1) {
        halves = addByte(halves, view.getUint8(offset));
      }
    },
    value: () => (BigInt(~halves.high >>> 0) << 32n) | BigInt(~halves.low >>> 0),
  };
}

/** Returns the CRC-64 of all `pieces` one after the other, without their bytes. */
export function combineCrc64(pieces: readonly Piece[]): bigint {
  let crc = 0n;
  // Most parts of an upload have the same size, and a CRC of zero stays zero.
  let factor = { size: 0, value: ONE };
  for (const { crc64, size } of pieces) {
    if (crc !== 0n && size !== factor.size) factor = { size, value: powerOfX(8 * size) };
    crc = multiply(crc, factor.value) ^ crc64;
  }
  return crc;
}

/** Returns the header with which storage reports the CRC of an object or a part, none without a CRC. */
export function crc64Header({ crc64 }: { readonly crc64?: string }): Record<string, string> {
  return crc64 === undefined ? {} : { 'x-cos-hash-crc64ecma': crc64 };
}

/** Returns the product of two polynomials, modulo that of the CRC. */
function multiply(left: bigint, right: bigint): bigint {
  let product = 0n;
  let term = right;
  for (let bit = ONE; bit > 0n; bit >>= 1n) {
    if (left & bit) product ^= term;
    term = (term >> 1n) ^ (term & 1n ? POLYNOMIAL : 0n);
  }
  return product;
}

function powerOfX(exponent: number): bigint {
  let power = ONE;
  let square = X;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(power, square);
    square = multiply(square, square);
  }
  return power;
}

/** Adds the first `length` bytes of `view`, a multiple of eight. */
function addSteps(halves: Halves, view: DataView, length: number): Halves {
  let { low, high } = halves;
  for (let offset = 0; offset < length; offset += STEP_BYTES) {
    const first = low ^ view.getInt32(offset, true);
    const second = high ^ view.getInt32(offset + 4, true);
    low = lookUp(LOW, 1024, first) ^ lookUp(LOW, 0, second);
    high = lookUp(HIGH, 1024, first) ^ lookUp(HIGH, 0, second);
  }
  return { low, high };
}

/** Looks up four bytes, of which the last is followed by `base / 256` zero bytes. */
function lookUp(table: Int32Array, base: number, word: number): number {
  return (
    at(table, base + 768 + (word & 0xff)) ^
    at(table, base + 512 + ((word >>> 8) & 0xff)) ^
    at(table, base + 256 + ((word >>> 16) & 0xff)) ^
    at(table, base + (word >>> 24))
  );
}

function at(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

function addByte({ low, high }: Halves, byte: number): Halves {
  const index = (low ^ byte) & 0xff;
  return {
    low: ((low >>> 8) | (high << 24)) ^ at(LOW, index),
    high: (high >>> 8) ^ at(HIGH, index),
  };
}

function fillTables(): void {
  for (let value = 0; value < 256; value += 1) {
    let low = value;
    let high = 0;
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = low & 1;
      low = ((low >>> 1) | (high << 31)) ^ (odd && POLYNOMIAL_LOW);
      high = (high >>> 1) ^ (odd && POLYNOMIAL_HIGH);
    }
    LOW[value] = low;
    HIGH[value] = high;
  }
  for (let index = 256; index < LOW.length; index += 1) {
    const before = { low: at(LOW, index - 256), high: at(HIGH, index - 256) };
    const { low, high } = addByte(before, 0);
    LOW[index] = low;
    HIGH[index] = high;
  }
}
