import { createHmac } from 'node:crypto';
import { equalText } from '../storage/signed-request.ts';
import { apiError } from './api-error.ts';
import { readTimestamp } from './api-keys.ts';
import type { SignedCall } from './signed-call.ts';

const DIGESTS = new Map([
  ['HmacSHA1', 'sha1'],
  ['HmacSHA256', 'sha256'],
]);

/**
 * Checks the older signature, which is a parameter among the others. Written from
 * https://cloud.tencent.com/document/product/266/31757 independently of any code that signs.
 *
 * @param fields every parameter, decoded.
 * @throws ApiError that says what is wrong.
 */
export function verifyV1(
  call: SignedCall,
  fields: ReadonlyMap<string, string>,
  secretKey: string,
  nowSeconds: number,
): void {
  readTimestamp(fields.get('Timestamp'), nowSeconds);
  for (const name of ['Nonce', 'Signature']) {
    if (!fields.get(name)) throw apiError('MissingParameter', `The request has no ${name}`);
  }
  const method = fields.get('SignatureMethod') ?? 'HmacSHA1';
  const digest = DIGESTS.get(method);
  if (digest === undefined) {
    throw apiError('AuthFailure.SignatureFailure', `SignatureMethod ${method} is not known`);
  }
  const sorted = [...fields]
    .filter(([name]) => name !== 'Signature')
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const matches = call.hosts.some((host) =>
    call.paths.some((path) => {
      const text = `${call.method}${host}${path}?${sorted}`;
      const expected = createHmac(digest, secretKey).update(text).digest('base64');
      return equalText(expected, fields.get('Signature') ?? '');
    }),
  );
  if (matches) return;
  throw apiError(
    'AuthFailure.SignatureFailure',
    'The signature was not made over these parameters with the secret key of SecretId',
  );
}
