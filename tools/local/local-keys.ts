import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { LocalError } from './local-error.ts';

/** File of the keys in the folder of a stack's state. */
export const LOCAL_KEYS_FILE = 'keys.json';

const key = v.pipe(v.string(), v.nonEmpty());

const localKeys = v.object({
  /** Of the account: signs uploads, and requests to the API. */
  secretId: key,
  secretKey: key,
  /** Of the functions' role: signs requests to the API. */
  roleSecretId: key,
  roleSecretKey: key,
  roleToken: key,
  /** Of notifications. */
  signKey: key,
  /** Proves the contexts of uploads. */
  contextKey: key,
  /** Shared secret of callers' tokens. */
  jwtSecret: key,
  /** Of the messages to the page's own consumer. */
  webhookSecret: key,
  databasePassword: key,
});

/** Every secret of one local stack. They look fake, and are of use on this machine only. */
export type LocalKeys = Readonly<v.InferOutput<typeof localKeys>>;

/**
 * Returns keys at random, each with at least 80 bits: what a page or another program of this machine could know
 * beforehand would let it sign. A `SignKey` has 32 letters and digits at most:
 * https://cloud.tencent.com/document/product/266/33779.
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
 * Returns the keys of the stack whose state is in the folder `dir`: made once, and kept there for this user alone.
 *
 * @throws {LocalError} where the file of them is damaged.
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
 * Returns the keys that are kept in `dir`, or undefined where there are none.
 *
 * @throws {LocalError} where the file of them is damaged.
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
