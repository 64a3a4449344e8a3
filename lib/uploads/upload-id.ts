import { createHmac, type KeyObject } from 'node:crypto';
import { secretEqual } from '../signing/secret-equal.ts';

// Crockford's Base32, as ULIDs are written: https://github.com/ulid/spec
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_LENGTH = 10;
const HALF_LENGTH = 8;
const TAG_BYTES = 5;

/** Number of values of the random part of an upload id: 40 bits. */
export const UPLOAD_ID_RANDOM_RANGE = 2 ** 40;

/**
 * Answers a new upload id: a ULID whose last 40 bits bind it to its owner.
 *
 * So a later request of the same upload is known to be its owner's without a look into any memory.
 *
 * @param now Unix milliseconds.
 * @param random whole number below {@link UPLOAD_ID_RANDOM_RANGE}.
 */
export function createUploadId(owner: string, key: KeyObject, now: number, random: number): string {
  const head = encode(now, TIME_LENGTH) + encode(random, HALF_LENGTH);
  return head + tag(head, owner, key);
}

/** Answers whether {@link createUploadId} made `uploadId` for `owner` with `key`. */
export function isUploadIdOf(owner: string, key: KeyObject, uploadId: string): boolean {
  const head = uploadId.slice(0, TIME_LENGTH + HALF_LENGTH);
  return secretEqual(uploadId, head + tag(head, owner, key));
}

function tag(head: string, owner: string, key: KeyObject): string {
  const mac = createHmac('sha1', key).update(`upload-id:${head}${owner}`).digest();
  return encode(mac.readUIntBE(0, TAG_BYTES), HALF_LENGTH);
}

function encode(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < length; i += 1) {
    text = DIGITS.charAt(rest % DIGITS.length) + text;
    rest = Math.floor(rest / DIGITS.length);
  }
  return text;
}
