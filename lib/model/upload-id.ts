import { hash, type KeyObject } from 'node:crypto';
import { deriveKey, secretEqual } from '../signing/secrets.ts';

// Crockford's Base32, as ULIDs are written: https://github.com/ulid/spec
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_LENGTH = 10;
/** Half of a ULID's random part: 40 bits in Base32. */
const HALF_LENGTH = 8;
/** The same 40 bits in hexadecimal. */
const TAG_HEX_LENGTH = 10;

/** Number of values of the random half of an upload id. */
export const UPLOAD_ID_RANDOM_RANGE = 2 ** 40;

/** Returns the key that binds upload ids to owners; it tells nothing of the signing key it is made from. */
export function deriveUploadIdKey(secretKey: KeyObject): string {
  return deriveKey(secretKey, 'upload-id');
}

/**
 * Returns whose an upload is, as ids are bound to it: an owner may upload for several tenants, and what is begun for one
 * is not gone on with for another.
 *
 * @param subAppId application of the tenant; undefined where there are no tenants.
 */
export function nameUploader(owner: string, subAppId: number | undefined): string {
  return subAppId === undefined ? owner : `${owner}\0${subAppId}`;
}

/**
 * Returns a new upload id: a ULID whose last 40 bits bind it to its owner.
 *
 * So a later request of the same upload is known to be its owner's without a look into any memory.
 *
 * @param key of {@link deriveUploadIdKey}.
 * @param now Unix milliseconds.
 * @param random whole number below {@link UPLOAD_ID_RANDOM_RANGE}.
 */
export function createUploadId(owner: string, key: string, now: number, random: number): string {
  const head = encode(now, TIME_LENGTH) + encode(random, HALF_LENGTH);
  return head + bind(head, owner, key);
}

/**
 * Returns the upload id that stands for `key` of `owner`: always the same one, and another for everybody else's equal
 * key. It has the form of a ULID; its time is as made up as the rest.
 */
export function deriveUploadId(owner: string, key: string): string {
  const digest = hash('sha256', `${JSON.stringify(owner)}${key}`);
  const number = (from: number, to: number) => Number.parseInt(digest.slice(from, to), 16);
  return (
    encode(number(0, 12), TIME_LENGTH) +
    encode(number(12, 22), HALF_LENGTH) +
    encode(number(22, 32), HALF_LENGTH)
  );
}

/** No owner's name can have a NUL in the ledger's database, so no idempotency key leads to the upload of a file. */
const NOBODY = '\0';

/** Returns the upload id of a file that came without an envelope. */
export function deriveFileUploadId(fileId: string): string {
  return deriveUploadId(NOBODY, fileId);
}

/** Returns whether {@link createUploadId} made `uploadId` for `owner` with `key`. */
export function isUploadIdOf(owner: string, key: string, uploadId: string): boolean {
  const head = uploadId.slice(0, TIME_LENGTH + HALF_LENGTH);
  return secretEqual(uploadId, head + bind(head, owner, key));
}

/**
 * Returns whether {@link createUploadId} made `uploadId` before `time`, in Unix milliseconds. A ULID begins with its time,
 * and sorts by it: https://github.com/ulid/spec#sorting.
 */
export function isUploadIdBefore(uploadId: string, time: number): boolean {
  return uploadId < encode(time, TIME_LENGTH);
}

/**
 * One pass of SHA-256 over key and text is a sound MAC here, and half the price of an HMAC: a sixth of the digest is
 * told, so nobody can go on from it (https://en.wikipedia.org/wiki/Length_extension_attack).
 */
function bind(head: string, owner: string, key: string): string {
  const digest = hash('sha256', key + head + owner);
  return encode(Number.parseInt(digest.slice(0, TAG_HEX_LENGTH), 16), HALF_LENGTH);
}

function encode(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < length; i += 1) {
    // The remainder of numbers beyond 32 bits costs more than all else here.
    const higher = Math.floor(rest / DIGITS.length);
    text = DIGITS.charAt(rest - higher * DIGITS.length) + text;
    rest = higher;
  }
  return text;
}
