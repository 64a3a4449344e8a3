/** The polynomial of ECMA-182 as the standard writes it, in two halves. */
const POLYNOMIAL = { high: 0x42f0e1eb, low: 0xa9ea3693 };

/**
 * Returns the CRC-64 of `bytes` as storage reports it. Written from the definition of CRC-64/XZ, one bit at a time and
 * without tables, so that it shares nothing with the emulator. https://reveng.sourceforge.io/crc-catalogue/17plus.htm
 */
export function crc64BitByBit(bytes: Uint8Array): bigint {
  let high = -1;
  let low = -1;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit += 1) {
      const differs = (high >>> 31) ^ ((byte >>> bit) & 1);
      high = (high << 1) | (low >>> 31);
      low <<= 1;
      if (differs === 1) {
        high ^= POLYNOMIAL.high;
        low ^= POLYNOMIAL.low;
      }
    }
  }
  const register = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  const bits = register.toString(2).padStart(64, '0');
  const reflected = BigInt(`0b${[...bits].reverse().join('')}`);
  return reflected ^ 0xffff_ffff_ffff_ffffn;
}
