import { createHash, createHmac } from 'node:crypto';
import { CosError } from './cos-error.ts';
import { equalText, headerValue, type SignedRequest } from './signed-request.ts';
import { encodeUriPath, encodeUriText } from './uri-text.ts';

/**
 * The fields of an AWS Signature Version 4 in the `Authorization` header, which the Web SDK sends with `storageType:
 * 's3'`. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export interface Sigv4 {
  readonly secretId: string;
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  /** Lower case, as sent. */
  readonly signedHeaders: readonly string[];
  /** Lower-case hex. */
  readonly signature: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const CLOCK_TOLERANCE_MS = 15 * 60 * 1000;

/**
 * Returns the signature in `authorization`, undefined if it is of another kind.
 *
 * @throws CosError `InvalidArgument` if it is of this kind and cannot be read, or is not for the service `s3`.
 */
export function readSigv4(authorization: string | undefined): Sigv4 | undefined {
  if (authorization === undefined || !authorization.startsWith(`${ALGORITHM} `)) return undefined;
  const fields = new Map(
    authorization
      .slice(ALGORITHM.length)
      .split(',')
      .map((field) => {
        const [name = '', ...value] = field.trim().split('=');
        return [name, value.join('=')];
      }),
  );
  const [secretId, date, region, service, end] = (fields.get('Credential') ?? '').split('/');
  const signedHeaders = fields.get('SignedHeaders')?.split(';') ?? [];
  const signature = fields.get('Signature');
  if (!secretId || !date || !region || signature === undefined) {
    throw malformed('it needs Credential, SignedHeaders and Signature');
  }
  if (service !== 's3' || end !== 'aws4_request') {
    throw malformed('the credential scope must end with /s3/aws4_request');
  }
  if (!signedHeaders.includes('host')) throw malformed('SignedHeaders must contain host');
  return { secretId, date, region, signedHeaders, signature };
}

/** Returns the signature that `request` must have, for the names and scope in `sigv4` and the signed host. */
function expectedSigv4(
  request: SignedRequest,
  sigv4: Omit<Sigv4, 'signature' | 'secretId'>,
  secretKey: string,
  host: string,
): string {
  const headers = sigv4.signedHeaders.map((name) => {
    const value = name === 'host' ? host : (headerValue(request.headers, name) ?? '');
    return `${name}:${value.trim().replace(/\s+/g, ' ')}\n`;
  });
  const canonicalRequest = [
    request.method,
    encodeUriPath(request.path),
    canonicalQuery(request),
    headers.join(''),
    sigv4.signedHeaders.join(';'),
    headerValue(request.headers, 'x-amz-content-sha256') ?? '',
  ].join('\n');
  const scope = `${sigv4.date}/${sigv4.region}/s3/aws4_request`;
  const requestHash = createHash('sha256').update(canonicalRequest).digest('hex');
  const time = headerValue(request.headers, 'x-amz-date') ?? '';
  return createHmac('sha256', signingKey(secretKey, sigv4.date, sigv4.region))
    .update([ALGORITHM, time, scope, requestHash].join('\n'))
    .digest('hex');
}

/**
 * Checks that `sigv4` was made over `request` with `secretKey`, for `region`, at about `now`.
 *
 * @throws CosError `SignatureDoesNotMatch`, `RequestTimeTooSkewed`, or `InvalidArgument` for a wrong region or date.
 */
export function verifySigv4(
  request: SignedRequest,
  sigv4: Sigv4,
  secretKey: string,
  region: string,
  now: Date,
): void {
  if (sigv4.region !== region) {
    throw malformed(`its scope is the region ${sigv4.region}, expected ${region}`);
  }
  const matches = request.hosts.some((host) =>
    equalText(expectedSigv4(request, sigv4, secretKey, host), sigv4.signature),
  );
  if (!matches) {
    throw new CosError(
      'SignatureDoesNotMatch',
      'The signature was not made over this request with the secret key of its Credential',
    );
  }
  const time = headerValue(request.headers, 'x-amz-date') ?? '';
  const signedAt = timeOf(time);
  if (!time.startsWith(sigv4.date) || Number.isNaN(signedAt)) {
    throw malformed('x-amz-date must be YYYYMMDDTHHMMSSZ, on the day of the credential scope');
  }
  if (Math.abs(now.getTime() - signedAt) > CLOCK_TOLERANCE_MS) {
    throw new CosError(
      'RequestTimeTooSkewed',
      `x-amz-date is more than ${CLOCK_TOLERANCE_MS / 60_000} minutes off the server's clock`,
    );
  }
}

function canonicalQuery(request: SignedRequest): string {
  return request.query
    .map(([name, value]) => [encodeUriText(name), encodeUriText(value)] as const)
    .sort(([left, leftValue], [right, rightValue]) =>
      left === right ? order(leftValue, rightValue) : order(left, right),
    )
    .map((pair) => pair.join('='))
    .join('&');
}

function order(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function signingKey(secretKey: string, date: string, region: string): Buffer {
  return [date, region, 's3', 'aws4_request'].reduce<Buffer>(
    (key, text) => createHmac('sha256', key).update(text).digest(),
    Buffer.from(`AWS4${secretKey}`),
  );
}

/** Returns Unix milliseconds, NaN for a text in another form. */
function timeOf(text: string): number {
  const iso = text.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z');
  return iso === text ? Number.NaN : Date.parse(iso);
}

function malformed(what: string): CosError {
  return new CosError('InvalidArgument', `The AWS signature cannot be used: ${what}`);
}
