import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { defined } from '../../../../lib/validation/json-object.ts';
import type { Activity, ActivityLog } from '../../activity.ts';
import type { Clock } from '../clock.ts';
import type { CloudRequest } from '../cloud-request.ts';
import {
  authenticateStorage,
  authorizeStorage,
  type GrantOf,
  notGranted,
} from './authorization.ts';
import { corsHeaders } from './cors.ts';
import { CosError } from './cos-error.ts';
import { writeXml } from './cos-xml.ts';
import type { StorageAnswer, StorageServices } from './storage-call.ts';
import { type OperationName, operationName, operationOf } from './storage-operations.ts';
import { parseQuery, type Query, queryValue, toKey } from './uri-text.ts';

/** Dependencies of the storage handler. */
export interface StorageHandlerOptions extends StorageServices {
  readonly grantOf: GrantOf;
  readonly activity: ActivityLog;
  readonly now?: () => Date;
  /** The time by the clocks of callers; `now` by default. */
  readonly callersNow?: () => Date;
  /** Returns a value for `x-cos-request-id`. */
  readonly newRequestId?: () => string;
}

interface Target {
  readonly bucket: string;
  readonly region: string;
  readonly key: string;
  readonly query: Query;
  readonly operation: OperationName | undefined;
}

const STORAGE_HOST =
  /^([a-z0-9][a-z0-9-]*-\d+)\.cos\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)$/;

/**
 * Returns a handler for requests to `<bucket>.cos.<region>.myqcloud.com` and `….tencentcos.cn`. It answers every request
 * itself, also with refusals, and reports each once, except for preflights.
 */
export function createStorageHandler(
  options: StorageHandlerOptions,
): (request: CloudRequest) => Promise<void> {
  const { now = () => new Date(), callersNow = now } = options;
  const newRequestId = options.newRequestId ?? (() => randomBytes(16).toString('hex'));

  return async (request) => {
    const headers = {
      'x-cos-request-id': newRequestId(),
      Server: 'tencent-cos',
      Date: now().toUTCString(),
      ...corsHeaders(request.incoming),
    };
    for (const [name, value] of Object.entries(headers)) request.outgoing.setHeader(name, value);
    if (request.incoming.method === 'OPTIONS') {
      request.outgoing.writeHead(200, { 'Content-Length': 0 }).end();
      return;
    }
    const found = attempt(() => targetOf(request));
    const target = found instanceof CosError ? undefined : found;
    const answer =
      found instanceof CosError
        ? refusal(found, request, headers['x-cos-request-id'])
        : await perform(options, request, found, { now, callersNow }).catch((error: unknown) =>
            refusal(asCosError(error, request), request, headers['x-cos-request-id']),
          );
    options.activity.report(activityOf(request, target, answer));
    await send(request, answer);
  };
}

interface Answer extends StorageAnswer {
  readonly code?: string;
}

async function perform(
  options: StorageHandlerOptions,
  request: CloudRequest,
  { bucket, region, key, query, operation }: Target,
  times: Pick<Clock, 'now' | 'callersNow'>,
): Promise<Answer> {
  const { host, literalHost, path, incoming } = request;
  const signed = {
    method: incoming.method ?? '',
    path: decodeURIComponent(path),
    query,
    headers: incoming.headers,
    hosts: [host, literalHost],
  };
  const grant = authenticateStorage(signed, region, options.grantOf, times);
  if (operation === undefined) throw notGranted(signed);
  const touched =
    operation === 'ListMultipartUploads' ? toKey(queryValue(query, 'prefix') ?? '') : key;
  authorizeStorage(grant, { bucket, region, key: touched });
  return operationOf(operation)(options, { host, bucket, key, query, incoming });
}

function targetOf({ host, path, query, incoming }: CloudRequest): Target {
  const [, bucket, region] = STORAGE_HOST.exec(host) ?? [];
  if (bucket === undefined || region === undefined) {
    throw new CosError('NoSuchBucket', `${host} is not <bucket>-<appid>.cos.<region>.myqcloud.com`);
  }
  try {
    const key = toKey(decodeURIComponent(path).slice(1));
    const parameters = parseQuery(query);
    const operation = operationName(incoming, key, parameters);
    return { bucket, region, key, query: parameters, operation };
  } catch (cause) {
    throw invalidUri({ cause });
  }
}

function invalidUri(options: ErrorOptions): CosError {
  return new CosError('InvalidURI', 'The path and query must be percent-encoded UTF-8', options);
}

function attempt<Result>(work: () => Result): Result | CosError {
  try {
    return work();
  } catch (error) {
    if (error instanceof CosError) return error;
    throw error;
  }
}

function asCosError(error: unknown, { incoming }: CloudRequest): CosError {
  if (error instanceof CosError) return error;
  if (incoming.destroyed || incoming.socket.destroyed) {
    const message = 'The connection closed before the whole body had arrived';
    return new CosError('IncompleteBody', message, { cause: error });
  }
  const message = error instanceof Error ? error.message : 'The storage failed';
  return new CosError('InternalError', message, { cause: error });
}

function refusal(error: CosError, request: CloudRequest, requestId: string): Answer {
  return {
    status: error.status,
    code: error.code,
    headers: { ...error.headers, 'Content-Type': 'application/xml' },
    body: writeXml('Error', {
      Code: error.code,
      Message: error.message,
      Resource: `${request.host}${request.path}`,
      RequestId: requestId,
      TraceId: requestId,
    }),
  };
}

function activityOf(
  { incoming, host }: CloudRequest,
  target: Target | undefined,
  { status, code, report }: Answer,
): Activity {
  const uploadId = target && queryValue(target.query, 'uploadId');
  const partNumber = target && Number(queryValue(target.query, 'partNumber'));
  return {
    type: 'storage',
    operation: target?.operation ?? incoming.method ?? '',
    status,
    bucket: target?.bucket ?? host,
    key: target?.key ?? '',
    ...defined({ code, uploadId }),
    ...(partNumber ? { partNumber } : {}),
    ...report,
  };
}

async function send({ incoming, outgoing }: CloudRequest, answer: Answer): Promise<void> {
  // A client that is still sending reads no answer before it has finished, so the rest of its body is read and
  // discarded.
  incoming.resume();
  if (outgoing.destroyed) return;
  const { body = '' } = answer;
  if (typeof body === 'string') {
    const length = answer.status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
    outgoing.writeHead(answer.status, { ...length, ...answer.headers }).end(body);
    return;
  }
  outgoing.writeHead(answer.status, answer.headers);
  // If the client stops reading or a file disappears, the connection ends, and the error cannot be reported.
  await pipeline(body, outgoing).catch(() => outgoing.destroy());
}
