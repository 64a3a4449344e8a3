/** A file that a test and a page create alike: `bytes` of noise from `seed`. */
export interface MadeFile {
  readonly name: string;
  readonly bytes: number;
  readonly seed: number;
}

/** Returns the bytes of `file`. A page creates the same by itself, by the same algorithm (xorshift32). */
export function makeBytes({ bytes, seed }: MadeFile): Buffer {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let x = seed >>> 0 || 1;
  for (let i = 0; i < words.length; i += 1) {
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    words[i] = x;
  }
  return Buffer.from(words.buffer, 0, bytes);
}
