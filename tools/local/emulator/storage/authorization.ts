import { atEitherTime, type Clock } from '../clock.ts';
import { CosError } from './cos-error.ts';
import { readCosSignature, verifyCosSignature } from './cos-signature.ts';
import type { StorageGrant } from './grant.ts';
import { equalText, headerValue, type SignedRequest } from './signed-request.ts';
import { readSigv4, verifySigv4 } from './sigv4.ts';
import { queryValue } from './uri-text.ts';

/** Returns the grant of a temporary key id, undefined if none was issued. */
export type GrantOf = (secretId: string) => StorageGrant | undefined;

/** The methods of COS's operations. */
const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']);

/** The bucket and key that a request accesses. */
export interface StorageTarget {
  readonly bucket: string;
  readonly region: string;
  /** Key, or prefix of the listed keys. */
  readonly key: string;
}

/**
 * Returns the grant with whose credentials `request` is signed, for a bucket in `region`. The cloud's codes for a wrong
 * token and for expired credentials are not documented; both are `AccessDenied` here.
 *
 * @throws CosError that says what is wrong.
 */
export function authenticateStorage(
  request: SignedRequest,
  region: string,
  grantOf: GrantOf,
  { now, callersNow }: Pick<Clock, 'now' | 'callersNow'>,
): StorageGrant {
  const grant = atEitherTime({ now, callersNow }, (time) =>
    verifySigner(request, region, grantOf, time),
  );
  if (!equalText(grant.token, tokenOf(request) ?? '')) {
    throw denied('The security token is not the one issued with this key id');
  }
  if (grant.expiresAt * 1000 <= now().getTime()) {
    const at = new Date(grant.expiresAt * 1000).toISOString();
    throw denied(`The temporary credentials expired at ${at}; apply for new ones`);
  }
  return grant;
}

/** Checks that `grant` opens `target`. @throws CosError `AccessDenied` that says what it opens. */
export function authorizeStorage(grant: StorageGrant, target: StorageTarget): void {
  if (target.bucket !== grant.bucket || target.region !== grant.region) {
    throw denied(`These credentials open the bucket ${grant.bucket} in ${grant.region} only`);
  }
  if (!target.key.startsWith(grant.prefix)) {
    throw denied(`These credentials open keys that begin with ${grant.prefix} only`);
  }
}

/**
 * Returns the refusal of an operation that the credentials of an upload do not allow, such as copying or deleting an
 * object. https://cloud.tencent.com/document/product/436/7730
 */
export function notGranted({ method }: SignedRequest): CosError {
  if (METHODS.has(method)) {
    return denied('The credentials of an upload are only for uploading, HEAD and GET');
  }
  return new CosError('MethodNotAllowed', `The method must be one of ${[...METHODS].join(', ')}`);
}

function verifySigner(
  request: SignedRequest,
  region: string,
  grantOf: GrantOf,
  now: Date,
): StorageGrant {
  const authorization = headerValue(request.headers, 'authorization');
  const sigv4 = readSigv4(authorization);
  if (sigv4 !== undefined) {
    const grant = demandGrant(sigv4.secretId, grantOf);
    verifySigv4(request, sigv4, grant.secretKey, region, now);
    return grant;
  }
  const signature = readCosSignature(authorization, request.query);
  if (signature !== undefined) {
    const grant = demandGrant(signature.secretId, grantOf);
    verifyCosSignature(request, signature, grant.secretKey, Math.floor(now.getTime() / 1000));
    return grant;
  }
  if (authorization === undefined) throw denied('The request is not signed');
  throw new CosError(
    'InvalidArgument',
    'The Authorization header is neither a COS signature (q-sign-algorithm=sha1&…) nor AWS4-HMAC-SHA256',
  );
}

function demandGrant(secretId: string, grantOf: GrantOf): StorageGrant {
  const grant = grantOf(secretId);
  if (grant !== undefined) return grant;
  throw new CosError('InvalidAccessKeyId', 'The key id that signed the request was never issued');
}

function tokenOf({ headers, query }: SignedRequest): string | undefined {
  return (
    headerValue(headers, 'x-cos-security-token') ??
    headerValue(headers, 'x-amz-security-token') ??
    queryValue(query, 'x-cos-security-token')
  );
}

function denied(message: string): CosError {
  return new CosError('AccessDenied', message);
}
