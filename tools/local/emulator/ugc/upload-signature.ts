import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Account, findSubAppId } from '../account.ts';
import { type Refusal, refusal, UgcRefusal } from './refusals.ts';
import {
  parseSignedFields,
  readInteger,
  readLimitedText,
  readRequiredInteger,
  readRequiredText,
  readText,
  type SignedFields,
} from './signed-fields.ts';

/** When a processing flow notifies: at its end, at each change, or never. */
type TaskNotifyMode = 'Finish' | 'Change' | 'None';

/** The content of a genuine client upload signature. Times are Unix seconds; null is absent. */
export interface UploadSignature {
  readonly secretId: string;
  readonly currentTimeStamp: number;
  readonly expireTime: number;
  readonly random: number;
  readonly classId: number;
  readonly procedure: string | null;
  readonly taskPriority: number;
  readonly taskNotifyMode: TaskNotifyMode;
  readonly sourceContext: string | null;
  readonly sessionContext: string | null;
  readonly oneTimeValid: boolean;
  readonly storageRegion: string | null;
  /** Application of the account that it belongs to. */
  readonly subAppId: number;
  /** SHA-256 of the decoded signature, hex, which identifies it in the list of used ones. */
  readonly digest: string;
}

// Limits of https://cloud.tencent.com/document/product/266/9221
const MAX_RANDOM = 4_294_967_295;
const MAX_VALIDITY_SECONDS = 7_776_000;
// The page counts "characters" without a definition; bytes are the stricter reading.
const MAX_SOURCE_CONTEXT_BYTES = 250;
const MAX_SESSION_CONTEXT_BYTES = 1_000;
/** Our guess: how far a signer's clock may run ahead of ours. */
const MAX_AHEAD_SECONDS = 600;

/** Returns the present time for a signature that was made at `signedSeconds`; both are Unix seconds. */
type NowFor = (signedSeconds: number) => number;

const DIGEST_BYTES = 20;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function wrong(detail: string): UgcRefusal {
  return refusal('invalid signature', detail);
}

function splitSignature(signature: string): { digest: Buffer; original: Buffer } {
  if (signature.length % 4 !== 0 || !BASE64.test(signature)) {
    throw wrong('it is not one line of padded standard Base64');
  }
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.length <= DIGEST_BYTES) throw wrong('nothing follows the 20 bytes of the digest');
  return { digest: bytes.subarray(0, DIGEST_BYTES), original: bytes.subarray(DIGEST_BYTES) };
}

function readTaskNotifyMode(fields: SignedFields): TaskNotifyMode {
  const mode = readText(fields, 'taskNotifyMode') ?? 'Finish';
  if (mode === 'Finish' || mode === 'Change' || mode === 'None') return mode;
  throw wrong(`taskNotifyMode must be Finish, Change or None, it is "${mode}"`);
}

function readApplication(fields: SignedFields, account: Account): number {
  if (readText(fields, 'vodSubAppId') === null) return account.subAppId;
  const named = readInteger(fields, 'vodSubAppId', [0, Number.MAX_SAFE_INTEGER], 0);
  const subAppId = findSubAppId(account, named);
  if (subAppId !== undefined) return subAppId;
  throw wrong(`vodSubAppId ${named} is not an application of this account`);
}

function checkTimes(currentTimeStamp: number, expireTime: number, nowSeconds: number): void {
  if (currentTimeStamp > nowSeconds + MAX_AHEAD_SECONDS) {
    throw wrong(`currentTimeStamp is ${currentTimeStamp - nowSeconds} seconds ahead of the clock`);
  }
  if (expireTime > currentTimeStamp + MAX_VALIDITY_SECONDS) {
    throw wrong(`expireTime is more than ${MAX_VALIDITY_SECONDS} seconds after currentTimeStamp`);
  }
  if (expireTime < nowSeconds) {
    throw refusal('signature expired', `${nowSeconds - expireTime} seconds ago`);
  }
}

function readRegion(fields: SignedFields, account: Account): string | null {
  const region = readText(fields, 'storageRegion');
  if (region === null || account.regions.includes(region)) return region;
  throw refusal('invalid region', `storageRegion ${region} is not opened`);
}

function readSignature(signature: string, account: Account, nowFor: NowFor): UploadSignature {
  const { digest, original } = splitSignature(signature);
  const fields = parseSignedFields(original.toString('utf8'));
  const secretId = readRequiredText(fields, 'secretId');
  if (secretId !== account.secretId) throw wrong(`secretId ${secretId} is not known`);
  const expected = createHmac('sha1', account.secretKey).update(original).digest();
  if (!timingSafeEqual(digest, expected)) throw wrong('the digest is not the one of this text');
  const currentTimeStamp = readRequiredInteger(fields, 'currentTimeStamp', Number.MAX_SAFE_INTEGER);
  const expireTime = readRequiredInteger(fields, 'expireTime', Number.MAX_SAFE_INTEGER);
  const random = readRequiredInteger(fields, 'random', MAX_RANDOM);
  checkTimes(currentTimeStamp, expireTime, nowFor(currentTimeStamp));
  const subAppId = readApplication(fields, account);
  return {
    secretId,
    currentTimeStamp,
    expireTime,
    random,
    classId: readInteger(fields, 'classId', [0, Number.MAX_SAFE_INTEGER], 0),
    procedure: readText(fields, 'procedure'),
    taskPriority: readInteger(fields, 'taskPriority', [-10, 10], 0),
    taskNotifyMode: readTaskNotifyMode(fields),
    sourceContext: readLimitedText(fields, 'sourceContext', MAX_SOURCE_CONTEXT_BYTES),
    sessionContext: readLimitedText(fields, 'sessionContext', MAX_SESSION_CONTEXT_BYTES),
    oneTimeValid: readInteger(fields, 'oneTimeValid', [0, 1], 0) === 1,
    storageRegion: readRegion(fields, account),
    subAppId,
    digest: createHash('sha256').update(digest).update(original).digest('hex'),
  };
}

/**
 * Returns the content of a client upload signature, or why it is refused; never throws. Written from the documentation
 * (https://cloud.tencent.com/document/product/266/9221) independently of the code that signs, so that no error is in both.
 * The codes of the refusals are partly a guess, see `refusals.ts`.
 */
export function verifyUploadSignature(
  signature: string,
  account: Account,
  nowFor: NowFor,
): UploadSignature | Refusal {
  try {
    return readSignature(signature, account, nowFor);
  } catch (error) {
    if (error instanceof UgcRefusal) return { code: error.code, message: error.message };
    throw error;
  }
}
