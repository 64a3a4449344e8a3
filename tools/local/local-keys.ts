import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { accountKeyEntries, makeAccountKeys } from './emulator/account-keys.ts';
import { findKeyFile, readKeyFile } from './key-file.ts';

/** Name of the file with the keys, in the folder of a stack's state. */
export const LOCAL_KEYS_FILE = 'keys.json';

const key = v.pipe(v.string(), v.nonEmpty());

const localKeys = v.object({
  ...accountKeyEntries,
  /** Authenticates source contexts. */
  contextKey: key,
  /** Shared secret of callers' tokens. */
  jwtSecret: key,
  /** Signs the messages to the page's own consumer. */
  webhookSecret: key,
  databasePassword: key,
});

/** All secrets of one local stack. They look fake, and are useful only on this machine. */
export type LocalKeys = Readonly<v.InferOutput<typeof localKeys>>;

/** Returns random keys, each with at least 80 bits, like {@link makeAccountKeys}. */
export function makeLocalKeys(): LocalKeys {
  const digits = (bytes: number) => randomBytes(bytes).toString('hex');
  const webhookSecret = Buffer.from(`local-webhook-secret-example-${digits(16)}`);
  return {
    ...makeAccountKeys(),
    contextKey: `local-context-key-example-${digits(16)}`,
    jwtSecret: `local-jwt-secret-example-${digits(16)}`,
    webhookSecret: `whsec_${webhookSecret.toString('base64')}`,
    databasePassword: `local-example-${digits(16)}`,
  };
}

/**
 * Returns the keys of the stack whose state is in the folder `dir`. They are created once, and stored there so that
 * only this user can read them.
 *
 * @throws {LocalError} if their file is damaged.
 */
export function readLocalKeys(dir: string): Promise<LocalKeys> {
  return readKeyFile(join(dir, LOCAL_KEYS_FILE), localKeys, makeLocalKeys());
}

/**
 * Returns the keys that are stored in `dir`, or undefined if there are none.
 *
 * @throws {LocalError} if their file is damaged.
 */
export function findLocalKeys(dir: string): Promise<LocalKeys | undefined> {
  return findKeyFile(join(dir, LOCAL_KEYS_FILE), localKeys);
}
