import { randomBytes } from 'node:crypto';
import * as v from 'valibot';

const key = v.pipe(v.string(), v.nonEmpty());

/** The entries of an account's keys in a file. */
export const accountKeyEntries = {
  /** Key of the account: signs uploads and API requests. */
  secretId: key,
  secretKey: key,
  /** Key of the functions' role: signs API requests. */
  roleSecretId: key,
  roleSecretKey: key,
  roleToken: key,
  /** Signs notifications. */
  signKey: key,
};

const accountKeys = v.object(accountKeyEntries);

/** The keys of an account. */
export type AccountKeys = Readonly<v.InferOutput<typeof accountKeys>>;

/**
 * Returns random keys, each with at least 80 bits: with known keys, a page or another program on this machine could
 * sign. A `SignKey` has at most 32 letters and digits: https://cloud.tencent.com/document/product/266/33779.
 */
export function makeAccountKeys(): AccountKeys {
  return {
    secretId: `AKIDlocalexample${digits(8)}`,
    secretKey: `local-secret-key-example-${digits(16)}`,
    roleSecretId: `AKIDlocalroleexample${digits(8)}`,
    roleSecretKey: `local-role-secret-key-example-${digits(16)}`,
    roleToken: `local-role-token-example-${digits(16)}`,
    signKey: `LocalSignKey${digits(10)}`,
  };
}

function digits(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
