import { createHmac, type KeyObject } from 'node:crypto';

/**
 * Parameters of a client upload signature, under VOD's names.
 *
 * @see https://cloud.tencent.com/document/product/266/9221
 */
export interface UploadSignatureParameters {
  readonly secretId: string;
  /** Whole Unix seconds: VOD's online checker accepts a fraction, but the service does not. */
  readonly currentTimeStamp: number;
  /** Unix seconds at which the signature expires; at most 90 days after `currentTimeStamp`. */
  readonly expireTime: number;
  /** Unsigned 32-bit integer; two signatures made in the same second may differ by it alone. */
  readonly random: number;
  readonly classId?: number | undefined;
  readonly procedure?: string | undefined;
  readonly taskPriority?: number | undefined;
  readonly taskNotifyMode?: string | undefined;
  readonly sourceContext?: string | undefined;
  readonly oneTimeValid?: 1 | undefined;
  readonly vodSubAppId?: number | undefined;
  readonly sessionContext?: string | undefined;
  readonly storageRegion?: string | undefined;
}

/**
 * First stage: returns the query string that is signed and sent, every text URL-encoded once.
 *
 * Parameters that are not given are left out, since the meaning of an empty one is not documented.
 *
 * @throws {URIError} if a text has a lone surrogate.
 */
export function buildOriginal(parameters: UploadSignatureParameters): string {
  const p = parameters;
  let original = `secretId=${encode(p.secretId)}&currentTimeStamp=${p.currentTimeStamp}&expireTime=${p.expireTime}&random=${p.random}`;
  if (p.classId !== undefined) original += `&classId=${p.classId}`;
  if (p.procedure !== undefined) original += `&procedure=${encode(p.procedure)}`;
  if (p.taskPriority !== undefined) original += `&taskPriority=${p.taskPriority}`;
  if (p.taskNotifyMode !== undefined) original += `&taskNotifyMode=${p.taskNotifyMode}`;
  if (p.sourceContext !== undefined) original += `&sourceContext=${encode(p.sourceContext)}`;
  if (p.oneTimeValid !== undefined) original += `&oneTimeValid=${p.oneTimeValid}`;
  if (p.vodSubAppId !== undefined) original += `&vodSubAppId=${p.vodSubAppId}`;
  if (p.sessionContext !== undefined) original += `&sessionContext=${encode(p.sessionContext)}`;
  if (p.storageRegion !== undefined) original += `&storageRegion=${encode(p.storageRegion)}`;
  return original;
}

/** Characters that stay as they are: https://tc39.es/ecma262/#sec-encodeuricomponent-uricomponent. */
const PLAIN = /^[\w.~-]*$/;

/** Returns `text` URL-encoded. Most texts need nothing, and testing that costs less than half of encoding it. */
function encode(text: string): string {
  return PLAIN.test(text) ? text : encodeURIComponent(text);
}

/** Second stage: returns the HMAC-SHA1 of `original`: its 20 bytes as 20 characters with the same codes. */
export function computeMac(original: string, secretKey: KeyObject): string {
  return createHmac('sha1', secretKey).update(original).digest('binary');
}

/** Third stage: returns Base64 of the MAC followed by the original, on one line. */
export function encodeSignature(mac: string, original: string): string {
  return btoa(mac + original);
}

/**
 * Returns the client upload signature for `parameters`. Anyone who has it can read them.
 *
 * @throws {URIError} if a text has a lone surrogate.
 * @see https://cloud.tencent.com/document/product/266/9221
 */
export function signUpload(parameters: UploadSignatureParameters, secretKey: KeyObject): string {
  const original = buildOriginal(parameters);
  return encodeSignature(computeMac(original, secretKey), original);
}
