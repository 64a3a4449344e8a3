import { hash, type KeyObject } from 'node:crypto';
import { deriveKey, secretEqual } from '../signing/secrets.ts';

// Crockford's Base32, in which ULIDs are written: https://github.com/ulid/spec
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_LENGTH = 10;
/** Half of a ULID's random part: 40 bits in Base32. */
const HALF_LENGTH = 8;
/** The same 40 bits in hexadecimal. */
const TAG_HEX_LENGTH = 10;

/** Number of values of the random half of an upload id. */
export const UPLOAD_ID_RANDOM_RANGE = 2 ** 40;

/** Returns the key that binds upload ids to owners; it reveals nothing about `secretKey`, from which it is derived. */
export function deriveUploadIdKey(secretKey: KeyObject): string {
  return deriveKey(secretKey, 'upload-id');
}

/**
 * Returns the name to which upload ids are bound. It includes the application: an owner may upload for several tenants,
 * and an upload that began for one must not continue for another.
 *
 * @param subAppId application of the tenant; undefined if there are no tenants.
 */
export function nameUploader(owner: string, subAppId: number | undefined): string {
  return subAppId === undefined ? owner : `${owner}\0${subAppId}`;
}

/**
 * Returns a new upload id: a ULID whose last 40 bits bind it to its owner.
 *
 * So a later request for the same upload can be attributed to its owner without a database.
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
 * Returns the upload id that stands for `key` of `owner`: always the same one, and a different one for an equal key of
 * another owner. It has the form of a ULID, but its time has no meaning.
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

/** The names of owners in the database cannot contain a NUL, so no idempotency key gives the upload id of a file. */
const NOBODY = '\0';

/**
 * Returns the upload id of a file that came without an envelope. A file is in one application, but another one can report
 * it first: that upload has another id, so that what it was announced as is not known of the file's own.
 *
 * @param tenant application that reports it, if that is a tenant's.
 */
export function deriveFileUploadId(fileId: string, tenant?: number): string {
  return deriveUploadId(NOBODY, tenant === undefined ? fileId : `${fileId}\0${tenant}`);
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
 * One pass of SHA-256 over key and text is a sound MAC here, and costs half of an HMAC: only a sixth of the digest is
 * revealed, too little for a length extension attack (https://en.wikipedia.org/wiki/Length_extension_attack).
 */
function bind(head: string, owner: string, key: string): string {
  const digest = hash('sha256', key + head + owner);
  return encode(Number.parseInt(digest.slice(0, TAG_HEX_LENGTH), 16), HALF_LENGTH);
}

function encode(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < length; i += 1) {
    // `%` on numbers above 32 bits would cost more than everything else here.
    const higher = Math.floor(rest / DIGITS.length);
    text = DIGITS.charAt(rest - higher * DIGITS.length) + text;
    rest = higher;
  }
  return text;
}
