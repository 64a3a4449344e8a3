/** A CRC-64 of bytes that arrive in pieces. */
export interface RunningCrc64 {
  readonly update: (bytes: Uint8Array) => void;
  /** Returns the CRC of all bytes so far, as an unsigned decimal number. */
  readonly value: () => string;
}

/** Bytes of which only the CRC and the number are known. */
export interface CheckedBytes {
  /** Unsigned decimal. */
  readonly crc64: string;
  readonly size: number;
}

/**
 * Both halves of a polynomial of degree 63, as 32-bit integers: the lowest bit of `low` is the coefficient of x^63. A bigint
 * would take many times longer.
 */
interface Halves {
  readonly low: number;
  readonly high: number;
}

/** ECMA-182, reflected: https://www.ecma-international.org/publications-and-standards/standards/ecma-182/ */
const POLYNOMIAL: Halves = { low: 0xd7870f42 | 0, high: 0xc96c5795 | 0 };
const ONE: Halves = { low: 0, high: 0x80000000 | 0 };
const ZERO: Halves = { low: 0, high: 0 };

/** Bytes that are looked up in one step. */
const STEP = 8;
/** At `256 * n + value` the CRC of a byte that n zero bytes follow. */
const LOW = new Int32Array(256 * STEP);
const HIGH = new Int32Array(256 * STEP);
fillTables();

/**
 * Returns a CRC-64 as storage reports it in `x-cos-hash-crc64ecma`. It takes some 1.5 milliseconds for a mebibyte.
 *
 * @see https://www.tencentcloud.com/document/product/436/34078
 */
export function createCrc64(): RunningCrc64 {
  let state: Halves = { low: -1, high: -1 };
  return {
    update(bytes) {
      state = addBytes(state, bytes);
    },
    value: () => format({ low: ~state.low, high: ~state.high }),
  };
}

/** Returns the CRC-64 of pieces that follow each other. */
export function combineCrc64(pieces: Iterable<CheckedBytes>): string {
  let sum = ZERO;
  // Nearly all parts of a file have one size.
  let shift = { size: 0, by: ONE };
  for (const { crc64, size } of pieces) {
    if (size !== shift.size) shift = { size, by: powerOfX(size * 8) };
    sum = add(multiply(sum, shift.by), parse(crc64));
  }
  return format(sum);
}

function addBytes({ low, high }: Halves, bytes: Uint8Array): Halves {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - (bytes.length % STEP);
  let [l, h] = [low, high];
  for (let at = 0; at < end; at += STEP) {
    const a = l ^ view.getInt32(at, true);
    const b = h ^ view.getInt32(at + 4, true);
    l = lookUp(LOW, a, 1024) ^ lookUp(LOW, b, 0);
    h = lookUp(HIGH, a, 1024) ^ lookUp(HIGH, b, 0);
  }
  for (let at = end; at < bytes.length; at += 1) {
    const { low: nextLow, high: nextHigh } = addByte({ low: l, high: h }, view.getUint8(at));
    [l, h] = [nextLow, nextHigh];
  }
  return { low: l, high: h };
}

/** Returns the CRC of four bytes that at least `base / 256` zero bytes follow. */
function lookUp(table: Int32Array, word: number, base: number): number {
  return (
    (table[base + 768 + (word & 255)] ?? 0) ^
    (table[base + 512 + ((word >>> 8) & 255)] ?? 0) ^
    (table[base + 256 + ((word >>> 16) & 255)] ?? 0) ^
    (table[base + (word >>> 24)] ?? 0)
  );
}

function addByte({ low, high }: Halves, byte: number): Halves {
  const at = (low ^ byte) & 255;
  return {
    low: ((low >>> 8) | (high << 24)) ^ (LOW[at] ?? 0),
    high: (high >>> 8) ^ (HIGH[at] ?? 0),
  };
}

function fillTables(): void {
  for (let byte = 0; byte < 256; byte += 1) {
    let value: Halves = { low: byte, high: 0 };
    for (let bit = 0; bit < 8; bit += 1) value = timesX(value);
    for (let zeros = 0; zeros < STEP; zeros += 1) {
      LOW[256 * zeros + byte] = value.low;
      HIGH[256 * zeros + byte] = value.high;
      for (let bit = 0; bit < 8; bit += 1) value = timesX(value);
    }
  }
}

function timesX({ low, high }: Halves): Halves {
  const carried = { low: (low >>> 1) | (high << 31), high: high >>> 1 };
  return (low & 1) === 0 ? carried : add(carried, POLYNOMIAL);
}

function add(a: Halves, b: Halves): Halves {
  return { low: a.low ^ b.low, high: a.high ^ b.high };
}

/** Returns the product modulo the polynomial of the CRC. */
function multiply(a: Halves, b: Halves): Halves {
  let product = ZERO;
  let term = b;
  for (let bit = 63; bit >= 0; bit -= 1) {
    const word = bit > 31 ? a.high : a.low;
    if ((word >>> (bit & 31)) & 1) product = add(product, term);
    term = timesX(term);
  }
  return product;
}

function powerOfX(exponent: number): Halves {
  let power = ONE;
  let square = timesX(ONE);
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(power, square);
    square = multiply(square, square);
  }
  return power;
}

function format({ low, high }: Halves): string {
  return String((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
}

function parse(crc64: string): Halves {
  const value = BigInt(crc64);
  return {
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
  };
}
