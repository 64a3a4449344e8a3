import type { IncomingMessage } from 'node:http';
import type { Account } from '../account.ts';
import type { CloudRequest } from '../cloud-request.ts';
import { headerValue } from '../storage/signed-request.ts';
import { apiError } from './api-error.ts';
import { findKey } from './api-keys.ts';
import { unflatten } from './flat-parameters.ts';
import { describeSignedCall, type SignedCall } from './signed-call.ts';
import { readTc3, verifyTc3 } from './tc3-signature.ts';
import { verifyV1 } from './v1-signature.ts';

/** An API request as it was sent. */
export interface ApiCall {
  /** Empty if the request has none. */
  readonly action: string;
  readonly version: string | undefined;
  /** Throws `ApiError` if the request is not signed correctly. */
  verify(account: Account, nowSeconds: number): void;
  /** Returns the action's own parameters; throws `ApiError`. */
  readParameters(): Record<string, unknown>;
  /** Whether numbers are text, because the parameters are in a query string or a form. */
  readonly isFlat: boolean;
}

/** https://cloud.tencent.com/document/product/266/31756: with a TC3 signature. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Parameters of the older signature that belong to no action. */
const ENVELOPE = new Set([
  ...['Action', 'Version', 'Region', 'Timestamp', 'Nonce', 'SecretId', 'Signature'],
  ...['SignatureMethod', 'Token', 'RequestClient', 'Language'],
]);

/** Reads an API request. @throws ApiError if its method or its size is not allowed. */
export async function readCall(request: CloudRequest): Promise<ApiCall> {
  const call = describeSignedCall(request, await readBody(request.incoming));
  if (call.method !== 'GET' && call.method !== 'POST') {
    throw apiError('UnsupportedProtocol', `The method must be GET or POST, it is ${call.method}`);
  }
  const { headers } = call;
  const isTc3 = 'x-tc-action' in headers || (headers.authorization ?? '').startsWith('TC3-');
  return isTc3 ? readTc3Call(call) : readV1Call(call);
}

function readTc3Call(call: SignedCall): ApiCall {
  const { headers, method, body, query } = call;
  return {
    action: headerValue(headers, 'x-tc-action') ?? '',
    version: headerValue(headers, 'x-tc-version'),
    isFlat: method === 'GET',
    verify(account, nowSeconds) {
      const signature = readTc3(headers.authorization);
      const { secretKey } = findKey(
        account,
        signature.secretId,
        headerValue(headers, 'x-tc-token'),
      );
      verifyTc3(call, signature, secretKey, nowSeconds);
    },
    readParameters: () =>
      method === 'GET' ? unflatten(new URLSearchParams(query)) : parseObject(body.toString()),
  };
}

function readV1Call(call: SignedCall): ApiCall {
  const sent = call.method === 'GET' ? call.query : call.body.toString();
  const fields = new Map(new URLSearchParams(sent));
  return {
    action: fields.get('Action') ?? '',
    version: fields.get('Version'),
    isFlat: true,
    verify(account, nowSeconds) {
      const secretId = fields.get('SecretId');
      if (!secretId) throw apiError('MissingParameter', 'The request has no SecretId');
      const { secretKey } = findKey(account, secretId, fields.get('Token'));
      verifyV1(call, fields, secretKey, nowSeconds);
    },
    readParameters: () => unflatten([...fields].filter(([name]) => !ENVELOPE.has(name))),
  };
}

function parseObject(text: string): Record<string, unknown> {
  const value = parseJson(text === '' ? '{}' : text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw apiError('InvalidParameter', 'The body must be a JSON object');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw apiError('InvalidParameter', 'The body is not JSON', { cause });
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    // A body that is too large is still read to its end, so that the client can receive the answer.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size <= MAX_BODY_BYTES) return Buffer.concat(chunks);
  throw apiError('RequestSizeLimitExceeded', `The body has more than ${MAX_BODY_BYTES} bytes`);
}
