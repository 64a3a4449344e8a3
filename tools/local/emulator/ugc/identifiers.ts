import { randomBytes, randomInt } from 'node:crypto';

/**
 * Returns a new FileId: 19 decimal digits, above 2^53 like real ones, so a client that converts it to a number fails.
 */
export function newFileId(): string {
  const digits = () => String(randomInt(1_000_000)).padStart(6, '0');
  return `5285890${digits()}${digits()}`;
}

/** Returns a new session key, opaque to clients. */
export function newSessionKey(): string {
  return randomBytes(36).toString('base64url');
}

/** Returns a random file name for the storage path. */
export function newObjectName(): string {
  return randomBytes(9).toString('hex');
}
