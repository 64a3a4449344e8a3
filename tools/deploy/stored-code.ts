import { parseIsoTime, readIsoTime } from '../../lib/validation/iso-time.ts';
import type { Bucket } from './cloud/bucket.ts';
import { digestOf, nameCode, prefixOf, readCodeName } from './code.ts';
import { DeployError } from './deploy-error.ts';
import type { Service } from './service.ts';

/** How many archives are kept to go back to. */
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
 * Makes sure that an archive in the bucket has the bytes that its name says: anyone who may write there could otherwise
 * have functions run code of their own, with the functions' secrets and rights.
 *
 * @param digest of the archive, as {@link digestOf} returns it.
 * @throws {DeployError} where it has others, or cannot be read.
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
 * Deletes old archives and answers how many: the last three are kept, one of them the one in use, which may be older
 * than the others.
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
 * Returns the archive to go back to: that of `storedAt`, else the newest that is not in use.
 *
 * @param used digests of the code that functions have.
 * @param storedAt ISO 8601 with its zone, however it is written.
 * @throws {DeployError} where there is none, or `storedAt` is no time.
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
