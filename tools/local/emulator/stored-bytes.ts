import { Readable } from 'node:stream';
import type { Account } from './account.ts';
import type { ObjectName, ObjectStore } from './storage/objects.ts';
import { bucketOf } from './ugc/dependencies.ts';

/** Where the account's small files are stored. */
export interface ByteStore {
  readonly account: Account;
  readonly objects: Pick<ObjectStore, 'put' | 'remove'>;
}

/** Stores a small file from memory, such as a cover, under a path with a leading slash. */
export async function storeBytes(
  { account, objects }: ByteStore,
  path: string,
  bytes: Buffer,
): Promise<void> {
  const body = Readable.from([bytes], { objectMode: false });
  await objects.put(nameOf(account, path), body, bytes.length, 'application/octet-stream');
}

/** Removes the file under a path with a leading slash, if there is one. */
export function removeStored({ account, objects }: ByteStore, path: string): Promise<void> {
  return objects.remove(nameOf(account, path));
}

/** Returns the name of the object under a path with a leading slash. */
export function nameOf(account: Account, path: string): ObjectName {
  return { bucket: bucketOf(account), key: path.slice(1) };
}
