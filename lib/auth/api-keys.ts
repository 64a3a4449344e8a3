import { hash, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '../policy/settings.ts';

/** The holder of an API key, and what the key permits. */
interface KeyHolder {
  readonly owner: string;
  readonly scopes: ReadonlySet<string>;
  readonly keyName: string;
  readonly tenant?: string | undefined;
}

/** Returns the holder of the API key `text`, or undefined if it is not one. */
export type FindKey = (text: string) => KeyHolder | undefined;

/** Creates the function that finds the holders of `keys`. */
export function createKeyRing(keys: readonly ApiKey[]): FindKey {
  const ring = keys.map(({ name, sha256, scopes, owner = name, tenant }) => ({
    digest: Buffer.from(sha256, 'hex'),
    holder: { owner, scopes: new Set(scopes), keyName: name, tenant },
  }));
  return (text) => {
    const digest = hash('sha256', text, 'buffer');
    // Every key is compared, even after a match, so that the time does not reveal which one is in use.
    let found: KeyHolder | undefined;
    for (const { digest: known, holder } of ring) {
      if (timingSafeEqual(digest, known)) found = holder;
    }
    return found;
  };
}
