import { parseIsoTime, readIsoTime } from '../../lib/validation/iso-time.ts';
import type { Bucket } from './cloud/bucket.ts';
import { digestOf, nameCode, prefixOf, readCodeName } from './code.ts';
import { DeployError } from './deploy-error.ts';
import type { Service } from './service.ts';

/** Number of archives that are kept for a rollback. */
const KEPT = 3;

/** An archive in the bucket. */
export interface StoredCode {
  readonly key: string;
  readonly digest: string;
  /** ISO 8601, to the second. */
  readonly storedAt: string;
}

/** Returns the archives of a service, the newest first. */
export async function listCode(
  service: Pick<Service, 'name' | 'stage'>,
  bucket: Bucket,
): Promise<readonly StoredCode[]> {
  const objects = await bucket.list(prefixOf(service));
  return objects
    .flatMap(({ key, storedAt }) => {
      const digest = readCodeName(service, key);
      if (digest === undefined) return [];
      const time = new Date(storedAt).toISOString().replace(/\.\d+Z$/, 'Z');
      return [{ key, digest, storedAt: time }];
    })
    .sort((a, b) => (a.storedAt < b.storedAt ? 1 : -1));
}

/**
 * Makes sure that an archive in the bucket has the digest in its name: otherwise anyone who may write to the bucket
 * could make the functions run foreign code, with the functions' secrets and rights.
 *
 * @param digest of the archive, as {@link digestOf} returns it.
 * @throws {DeployError} where the digest differs, or the archive cannot be read.
 */
export async function verifyCode(
  service: Pick<Service, 'name' | 'stage'>,
  digest: string,
  bucket: Pick<Bucket, 'read'>,
): Promise<void> {
  const key = nameCode(service, digest);
  const found = digestOf(await bucket.read(key));
  if (found === digest) return;
  throw new DeployError(
    `${key} is not the archive that was stored: its SHA-256 is ${found}. Somebody has changed it in the bucket, and no function is given it. Find out who can write there, delete this archive, and run the same command again.`,
  );
}

/**
 * Deletes old archives and returns how many. It keeps three: the one in use, which may be old, and the newest others.
 */
export async function pruneCode(
  service: Pick<Service, 'name' | 'stage'>,
  digest: string,
  bucket: Bucket,
): Promise<number> {
  const all = await listCode(service, bucket);
  const old = all.filter((stored) => stored.digest !== digest).slice(KEPT - 1);
  for (const { key } of old) await bucket.delete(key);
  return old.length;
}

/**
 * Returns the archive for a rollback: the one of `storedAt`, or else the newest that is not in use.
 *
 * @param used digests of the code that functions have.
 * @param storedAt ISO 8601 with a time zone, in any notation.
 * @throws {DeployError} where there is none, or `storedAt` is not a time.
 */
export function chooseCode(
  stored: readonly StoredCode[],
  used: ReadonlySet<string | undefined>,
  storedAt: string | undefined,
): StoredCode {
  const at = storedAt === undefined ? undefined : readTimestamp(storedAt);
  const found =
    at === undefined
      ? stored.find(({ digest }) => !used.has(digest))
      : stored.find((code) => parseIsoTime(code.storedAt) === at);
  if (found !== undefined) return found;
  throw new DeployError(
    storedAt === undefined
      ? 'There is no older code to roll back to.'
      : `No code was stored at ${storedAt}: "serverless deploy list" lists the times.`,
  );
}

function readTimestamp(text: string): number {
  const time = readIsoTime(text);
  if ('seconds' in time) return time.seconds;
  throw new DeployError(`--timestamp ${time.reason}; "serverless deploy list" lists the times.`);
}
