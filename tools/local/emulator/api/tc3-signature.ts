import { createHash, createHmac } from 'node:crypto';
import { equalText, headerValue } from '../storage/signed-request.ts';
import { apiError } from './api-error.ts';
import { readTimestamp } from './api-keys.ts';
import type { SignedCall } from './signed-call.ts';

/** The fields of a TC3 signature in the `Authorization` header. */
export interface Tc3Signature {
  readonly secretId: string;
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** The client's name for the service: the first label of its endpoint, which may be any text here. */
  readonly service: string;
  /** Lower case, as sent. */
  readonly signedHeaders: readonly string[];
  /** Lower-case hex. */
  readonly signature: string;
}

const ALGORITHM = 'TC3-HMAC-SHA256';
const AUTHORIZATION =
  /^TC3-HMAC-SHA256 +Credential=([^/\s,]+)\/(\d{4}-\d\d-\d\d)\/(\S+)\/tc3_request, *SignedHeaders=([^\s,]+), *Signature=([0-9a-f]{64})$/;

/** Returns the signature in an `Authorization` header. @throws ApiError if it cannot be read. */
export function readTc3(authorization: string | undefined): Tc3Signature {
  const [, secretId, date, service, headers, signature] =
    AUTHORIZATION.exec(authorization ?? '') ?? [];
  const signedHeaders = headers?.split(';') ?? [];
  const complete = ['content-type', 'host'].every((name) => signedHeaders.includes(name));
  if (!secretId || !date || !service || !signature || !complete) {
    throw apiError(
      'AuthFailure.InvalidAuthorization',
      `Authorization must be ${ALGORITHM} with Credential, SignedHeaders (content-type and host among them) and Signature`,
    );
  }
  return { secretId, date, service, signedHeaders, signature };
}

/**
 * Checks that `signature` was made over `call` with `secretKey` at about `nowSeconds` (Unix time). Written from
 * https://cloud.tencent.com/document/product/266/31757 independently of any code that signs.
 *
 * @throws ApiError that says what is wrong.
 */
export function verifyTc3(
  call: SignedCall,
  signature: Tc3Signature,
  secretKey: string,
  nowSeconds: number,
): void {
  const timestamp = readTimestamp(headerValue(call.headers, 'x-tc-timestamp'), nowSeconds);
  if (new Date(timestamp * 1_000).toISOString().slice(0, 10) !== signature.date) {
    throw apiError('AuthFailure.SignatureFailure', 'The date is not that of X-TC-Timestamp in UTC');
  }
  const key = [signature.date, signature.service, 'tc3_request'].reduce<Buffer>(
    (derived, text) => createHmac('sha256', derived).update(text).digest(),
    Buffer.from(`TC3${secretKey}`),
  );
  const scope = `${signature.date}/${signature.service}/tc3_request`;
  const matches = listCanonicalRequests(call, signature).some((canonical) => {
    const text = [ALGORITHM, timestamp, scope, sha256(canonical)].join('\n');
    return equalText(createHmac('sha256', key).update(text).digest('hex'), signature.signature);
  });
  if (matches) return;
  throw apiError(
    'AuthFailure.SignatureFailure',
    'The signature was not made over this request with the secret key of its Credential',
  );
}

/** Returns all texts that an honest client may have signed; see {@link SignedCall} for hosts and paths. */
function listCanonicalRequests(call: SignedCall, { signedHeaders }: Tc3Signature): string[] {
  const payload = sha256(call.body);
  const names = signedHeaders.join(';');
  return call.paths.flatMap((path) =>
    call.hosts.flatMap((host) => {
      const headers = signedHeaders.map((name) => {
        const value = name === 'host' ? host : (headerValue(call.headers, name) ?? '');
        return `${name}:${value.trim()}\n`;
      });
      // The documentation has the values in lower case; the vendor's SDK signs them as they are.
      return [headers.join(''), headers.join('').toLowerCase()].map((text) =>
        [call.method, path, call.query, text, names, payload].join('\n'),
      );
    }),
  );
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
