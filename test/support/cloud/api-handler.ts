import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../../tools/local/emulator/api/api-error.ts';
import { unflatten } from '../../../tools/local/emulator/api/flat-parameters.ts';
import type { SignedCall } from '../../../tools/local/emulator/api/signed-call.ts';
import { readTc3, verifyTc3 } from '../../../tools/local/emulator/api/tc3-signature.ts';
import { verifyV1 } from '../../../tools/local/emulator/api/v1-signature.ts';
import { headerValue } from '../../../tools/local/emulator/storage/signed-request.ts';
import { type CloudKey, findCloudKey } from './account.ts';
import { SERVICES } from './actions.ts';
import { CloudError } from './cloud-error.ts';
import type { ActionContext, ApiAnswer } from './define-action.ts';

/** A call of the API as it was sent. */
export interface ApiCall {
  /** First label of the host. */
  readonly service: string;
  readonly action: string;
  readonly version: string;
  readonly region: string;
  readonly signature: 'v1' | 'tc3';
  /** The action's own parameters; in a form, numbers are text. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly secretId: string;
  /** Throws if the call is not signed correctly. */
  readonly verify: (nowSeconds: number) => void;
}

const API_HOST = /^([a-z0-9]+)(?:\.[a-z0-9-]+)?\.tencentcloudapi\.com$/;

/** Parameters of the older signature, which are not part of any action. */
const ENVELOPE = new Set([
  ...['Action', 'Version', 'Region', 'Timestamp', 'Nonce', 'SecretId', 'Signature'],
  ...['SignatureMethod', 'Token', 'RequestClient', 'Language'],
]);

/** Returns the service that a host belongs to, undefined if it is not a host of the API. */
export function findApiService(host: string): string | undefined {
  return API_HOST.exec(host)?.[1];
}

/** Returns the call in a request. @throws CloudError or ApiError if it cannot be read. */
export function readApiCall(request: IncomingMessage, host: string, body: Buffer): ApiCall {
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const call: SignedCall = {
    method: request.method ?? '',
    ...{ hosts: [host], paths: [path], query, headers: request.headers, body },
  };
  const service = findApiService(host) ?? '';
  return 'x-tc-action' in request.headers ? readTc3Call(service, call) : readV1Call(service, call);
}

function readTc3Call(service: string, call: SignedCall): ApiCall {
  const header = (name: string) => headerValue(call.headers, name) ?? '';
  const signature = readTc3(call.headers.authorization);
  return {
    ...{ service, signature: 'tc3', secretId: signature.secretId },
    ...{ action: header('x-tc-action'), version: header('x-tc-version') },
    region: header('x-tc-region'),
    parameters: JSON.parse(call.body.toString()),
    verify(nowSeconds) {
      if (signature.service !== service) {
        throw new CloudError('AuthFailure.SignatureFailure', 'It is signed for another service');
      }
      const key = demandKey(signature.secretId, headerValue(call.headers, 'x-tc-token'));
      verifyTc3(call, signature, key.secretKey, nowSeconds);
    },
  };
}

function readV1Call(service: string, call: SignedCall): ApiCall {
  const fields = new Map(
    new URLSearchParams(call.method === 'GET' ? call.query : call.body.toString()),
  );
  const field = (name: string) => fields.get(name) ?? '';
  return {
    ...{ service, signature: 'v1', secretId: field('SecretId') },
    ...{ action: field('Action'), version: field('Version'), region: field('Region') },
    parameters: unflatten([...fields].filter(([name]) => !ENVELOPE.has(name))),
    verify(nowSeconds) {
      const key = demandKey(field('SecretId'), fields.get('Token'));
      verifyV1(call, fields, key.secretKey, nowSeconds);
    },
  };
}

/** Does what a call asks for. @throws CloudError or ApiError if it is refused. */
export async function performApiCall(
  call: ApiCall,
  context: Omit<ActionContext, 'region'>,
): Promise<ApiAnswer> {
  call.verify(Math.floor(context.now().getTime() / 1_000));
  const service = SERVICES.get(call.service);
  const action = service?.actions[call.action];
  if (service === undefined || action === undefined) {
    throw new CloudError('InvalidAction', `${call.service} has no action ${call.action} here`);
  }
  if (call.version !== service.version) {
    throw new CloudError('NoSuchVersion', `${call.service} has the version ${service.version}`);
  }
  if (call.service === 'scf' && call.region === '') {
    throw new CloudError('MissingParameter', 'The request is missing the parameter `Region`.');
  }
  const isFlat = call.signature === 'v1';
  return action({ ...context, region: call.region }, call.parameters, isFlat);
}

/** Returns the code and the message of a refusal; any other error is an internal failure of the cloud. */
export function describeRefusal(error: unknown): {
  readonly Code: string;
  readonly Message: string;
} {
  if (error instanceof CloudError || error instanceof ApiError) {
    return { Code: error.code, Message: error.message };
  }
  return { Code: 'InternalError', Message: `The cloud of the tests failed: ${String(error)}` };
}

function demandKey(secretId: string, token: string | undefined): CloudKey {
  const key = findCloudKey(secretId);
  if (key === undefined) {
    throw new CloudError('AuthFailure.SecretIdNotFound', 'The SecretId is not found');
  }
  if (key.token === token) return key;
  throw new CloudError('AuthFailure.TokenFailure', 'The token does not belong to the SecretId');
}
