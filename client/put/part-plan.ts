import { PutError } from './put-error.ts';

const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

/** Bounds of a multipart upload: https://cloud.tencent.com/document/product/436/14518. */
export const PART_LIMITS = {
  minBytes: MEBIBYTE,
  maxBytes: 5 * GIBIBYTE,
  maxParts: 10_000,
} as const;

/** Below this, the requests cost more than what an interruption saves. */
const USUAL_BYTES = 4 * MEBIBYTE;

/** Parts that a large file has, so that an interruption costs about a hundredth of it at most. */
const USUAL_PARTS = 1_000;

/** A part of a file. */
export interface Part {
  /** From 1. */
  readonly number: number;
  /** Offset of its first byte. */
  readonly start: number;
  readonly size: number;
}

/**
 * Returns the size of the parts of a file: a whole number of mebibytes, or what is asked for, unless the file would then have
 * too many parts.
 *
 * @throws {PutError} `wrong_size` if it has more than 10,000 parts of 5 GiB.
 */
export function choosePartBytes(size: number, asked?: number): number {
  if (size > PART_LIMITS.maxBytes * PART_LIMITS.maxParts) {
    throw new PutError(
      'wrong_size',
      `The file has ${size} bytes; storage takes ${PART_LIMITS.maxParts} parts of ${PART_LIMITS.maxBytes} bytes at most.`,
    );
  }
  const divide = (parts: number) => Math.ceil(size / parts / MEBIBYTE) * MEBIBYTE;
  const least = Math.max(divide(USUAL_PARTS), USUAL_BYTES);
  const wanted = asked === undefined ? least : Math.max(asked, divide(PART_LIMITS.maxParts));
  return Math.min(wanted, PART_LIMITS.maxBytes);
}

/** Returns the parts of a file of `size` bytes. */
export function listParts(size: number, partBytes: number): readonly Part[] {
  return Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => {
    const start = index * partBytes;
    return { number: index + 1, start, size: Math.min(partBytes, size - start) };
  });
}

/** Parts of a stream that have one size, after which it doubles. */
const STREAM_STEP = 1_000;

/** Each part of a stream is in memory until storage has it. */
const MAX_STREAM_PART = 512 * MEBIBYTE;

/**
 * Returns the size of part `number` of a stream whose length is not known. It begins small and doubles from time to time,
 * so that 10,000 parts are enough for 2 TiB.
 */
export function streamPartBytes(number: number): number {
  const doubled = USUAL_BYTES * 2 ** (1 + Math.floor((number - 1) / STREAM_STEP));
  return Math.min(doubled, MAX_STREAM_PART);
}
