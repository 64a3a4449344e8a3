import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { LocalError } from './local-error.ts';

/** Name of the file with the keys, in the folder of a stack's state. */
export const LOCAL_KEYS_FILE = 'keys.json';

const key = v.pipe(v.string(), v.nonEmpty());

const localKeys = v.object({
  /** Key of the account: signs uploads and API requests. */
  secretId: key,
  secretKey: key,
  /** Key of the functions' role: signs API requests. */
  roleSecretId: key,
  roleSecretKey: key,
  roleToken: key,
  /** Signs notifications. */
  signKey: key,
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

/**
 * Returns random keys, each with at least 80 bits: with known keys, a page or another program on this machine could
 * sign. A `SignKey` has at most 32 letters and digits: https://cloud.tencent.com/document/product/266/33779.
 */
export function makeLocalKeys(): LocalKeys {
  const digits = (bytes: number) => randomBytes(bytes).toString('hex');
  const webhookSecret = Buffer.from(`local-webhook-secret-example-${digits(16)}`);
  return {
    secretId: `AKIDlocalexample${digits(8)}`,
    secretKey: `local-secret-key-example-${digits(16)}`,
    roleSecretId: `AKIDlocalroleexample${digits(8)}`,
    roleSecretKey: `local-role-secret-key-example-${digits(16)}`,
    roleToken: `local-role-token-example-${digits(16)}`,
    signKey: `LocalSignKey${digits(10)}`,
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
export async function readLocalKeys(dir: string): Promise<LocalKeys> {
  const made = makeLocalKeys();
  await mkdir(dir, { recursive: true });
  try {
    const text = `${JSON.stringify(made, undefined, 2)}\n`;
    await writeFile(join(dir, LOCAL_KEYS_FILE), text, { flag: 'wx', mode: 0o600 });
    return made;
  } catch (error) {
    if (!isError(error, 'EEXIST')) throw error;
    return (await findLocalKeys(dir)) ?? made;
  }
}

/**
 * Returns the keys that are stored in `dir`, or undefined if there are none.
 *
 * @throws {LocalError} if their file is damaged.
 */
export async function findLocalKeys(dir: string): Promise<LocalKeys | undefined> {
  const file = join(dir, LOCAL_KEYS_FILE);
  try {
    return v.parse(localKeys, JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if (isError(cause, 'ENOENT')) return undefined;
    if (!(cause instanceof SyntaxError || v.isValiError(cause))) throw cause;
    throw new LocalError(`The keys in ${file} are damaged: delete this file, and start again.`, {
      cause,
    });
  }
}

function isError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
