import type { Account, ApiKey } from '../account.ts';
import { equalText } from '../storage/signed-request.ts';
import { apiError } from './api-error.ts';

/** https://cloud.tencent.com/document/product/266/31757: a request's clock may be off by five minutes. */
const CLOCK_SECONDS = 300;

/**
 * Returns the key that an API request names as its signer.
 *
 * @param token of the request; only temporary credentials have one.
 * @throws ApiError
 */
export function findKey(account: Account, secretId: string, token: string | undefined): ApiKey {
  const { secretKey, role } = account;
  const keys: readonly ApiKey[] = [{ secretId: account.secretId, secretKey }, role];
  const key = keys.find((known) => known.secretId === secretId);
  if (key === undefined) {
    throw apiError('AuthFailure.SecretIdNotFound', `The SecretId ${secretId} is not known`);
  }
  if (!equalText(key.token ?? '', token ?? '')) {
    throw apiError('AuthFailure.TokenFailure', 'The token does not belong to this SecretId');
  }
  return key;
}

/** Returns the Unix seconds of a request's `Timestamp`. @throws ApiError if it is not a time, or too far from now. */
export function readTimestamp(text: string | undefined, nowSeconds: number): number {
  if (text === undefined) throw apiError('MissingParameter', 'The request has no Timestamp');
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(seconds)) {
    throw apiError('InvalidParameterValue', `Timestamp is not Unix seconds: ${text}`);
  }
  const off = Math.abs(nowSeconds - seconds);
  if (off <= CLOCK_SECONDS) return seconds;
  throw apiError(
    'AuthFailure.SignatureExpire',
    `Timestamp is ${off} seconds off the clock here, ${CLOCK_SECONDS} are allowed`,
  );
}
