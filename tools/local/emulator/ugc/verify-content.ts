import { createHmac } from 'node:crypto';

/** Key of `verify_content` in the answer of CommitUploadUGC; the vendor's console shows the real one. */
const LOCAL_VERIFY_KEY = 'LocalVerifyKeyExample';

/**
 * Returns the proof that a client has uploaded a file: Base64 of an HMAC-SHA1 and the text that it covers, with the
 * same layout as an upload signature. `expiresAt` is Unix seconds.
 */
export function signVerifyContent(fileId: string, expiresAt: number): string {
  const text = Buffer.from(`ExpTime=${expiresAt}&FileId=${fileId}`);
  const digest = createHmac('sha1', LOCAL_VERIFY_KEY).update(text).digest();
  return Buffer.concat([digest, text]).toString('base64');
}
