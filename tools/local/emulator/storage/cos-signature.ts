import { createHash, createHmac } from 'node:crypto';
import { CosError } from './cos-error.ts';
import { equalText, headerValue, type SignedRequest } from './signed-request.ts';
import { encodeUriText, type Query, queryValue } from './uri-text.ts';

/**
 * The fields of a COS signature, from the `Authorization` header or the query.
 * https://cloud.tencent.com/document/product/436/7778
 */
export interface CosSignature {
  readonly secretId: string;
  /** `<start>;<end>` as sent. */
  readonly signTime: string;
  readonly keyTime: string;
  /** Lower case, encoded, in the order they were signed. */
  readonly headerNames: readonly string[];
  readonly parameterNames: readonly string[];
  /** Lower-case hex. */
  readonly signature: string;
}

const CLOCK_TOLERANCE_SECONDS = 15 * 60;

/**
 * Returns the signature in `authorization` or, without one, in the query; undefined if there is none.
 *
 * @throws CosError `InvalidArgument` if a field is missing or the algorithm is not sha1.
 */
export function readCosSignature(
  authorization: string | undefined,
  query: Query,
): CosSignature | undefined {
  const fields = authorization === undefined ? query : fieldsOf(authorization);
  if (queryValue(fields, 'q-sign-algorithm') === undefined) return undefined;
  const field = (name: string) => {
    const value = queryValue(fields, name);
    if (value === undefined) throw malformed(`${name} is missing`);
    return value;
  };
  const algorithm = field('q-sign-algorithm');
  if (algorithm !== 'sha1') throw malformed(`q-sign-algorithm is ${algorithm}, expected sha1`);
  return {
    secretId: field('q-ak'),
    signTime: field('q-sign-time'),
    keyTime: field('q-key-time'),
    headerNames: listOf(field('q-header-list')),
    parameterNames: listOf(field('q-url-param-list')),
    signature: field('q-signature'),
  };
}

/**
 * Returns the signature that `request` must have, for the names and times in `signature` and the signed host.
 */
export function expectedCosSignature(
  request: SignedRequest,
  signature: Omit<CosSignature, 'signature' | 'secretId'>,
  secretKey: string,
  host: string,
): string {
  const headers = signature.headerNames.map((name) => {
    const value = name === 'host' ? host : headerValue(request.headers, name);
    return `${name}=${encodeUriText(value ?? '')}`;
  });
  const parameters = signature.parameterNames.map((name) => {
    const found = request.query.find(([sent]) => encodeUriText(sent).toLowerCase() === name);
    return `${name}=${encodeUriText(found?.[1] ?? '')}`;
  });
  const httpText = [
    request.method.toLowerCase(),
    request.path,
    parameters.join('&'),
    headers.join('&'),
    '',
  ].join('\n');
  const httpHash = createHash('sha1').update(httpText).digest('hex');
  const signKey = createHmac('sha1', secretKey).update(signature.keyTime).digest('hex');
  return createHmac('sha1', signKey)
    .update(['sha1', signature.signTime, httpHash, ''].join('\n'))
    .digest('hex');
}

/**
 * Checks that `signature` was made over `request` with `secretKey` and is valid at `nowSeconds`.
 *
 * @throws CosError `SignatureDoesNotMatch`, `AccessDenied` (expired), `RequestTimeTooSkewed` (not yet valid), or
 * `InvalidArgument` for malformed times.
 */
export function verifyCosSignature(
  request: SignedRequest,
  signature: CosSignature,
  secretKey: string,
  nowSeconds: number,
): void {
  const matches = request.hosts.some((host) =>
    equalText(expectedCosSignature(request, signature, secretKey, host), signature.signature),
  );
  if (!matches) {
    throw new CosError(
      'SignatureDoesNotMatch',
      'The signature was not made over this request with the secret key of q-ak',
    );
  }
  demandInForce('q-sign-time', signature.signTime, nowSeconds);
  demandInForce('q-key-time', signature.keyTime, nowSeconds);
}

function demandInForce(name: string, time: string, nowSeconds: number): void {
  const [, start, end] = /^(\d+);(\d+)$/.exec(time) ?? [];
  if (start === undefined || end === undefined) {
    throw malformed(`${name} is not <start>;<end> in Unix seconds`);
  }
  // The vendor's SDKs recognise an expired signature by this exact text and correct their clock.
  if (Number(end) < nowSeconds) throw new CosError('AccessDenied', 'Request has expired');
  if (Number(start) > nowSeconds + CLOCK_TOLERANCE_SECONDS) {
    throw new CosError(
      'RequestTimeTooSkewed',
      `${name} begins more than ${CLOCK_TOLERANCE_SECONDS} seconds ahead of the server's clock`,
    );
  }
}

function fieldsOf(authorization: string): Query {
  return authorization.split('&').map((pair) => {
    const [name = '', ...value] = pair.trim().split('=');
    return [name, value.join('=')];
  });
}

function listOf(names: string): readonly string[] {
  return names === '' ? [] : names.split(';');
}

function malformed(what: string): CosError {
  return new CosError('InvalidArgument', `The COS signature cannot be read: ${what}`);
}
