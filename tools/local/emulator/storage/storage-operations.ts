import type { IncomingMessage } from 'node:http';
import { CosError } from './cos-error.ts';
import { listParts, listUploads } from './listing-operations.ts';
import { abortUpload, completeUpload, initiateUpload, uploadPart } from './multipart-operations.ts';
import { getObject, headObject, putObject } from './object-operations.ts';
import type { StorageOperation } from './storage-call.ts';
import { type Query, queryValue } from './uri-text.ts';

/** The COS operations of the emulator, by their names in COS. */
const OPERATIONS = {
  HeadBucket: probe,
  ListMultipartUploads: listUploads,
  InitiateMultipartUpload: initiateUpload,
  UploadPart: uploadPart,
  ListParts: listParts,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: abortUpload,
  PutObject: putObject,
  HeadObject: headObject,
  GetObject: getObject,
} satisfies Record<string, StorageOperation>;

/** Name of a COS operation that the emulator knows. */
export type OperationName = keyof typeof OPERATIONS;

/**
 * Parameters that select or control an operation. Others, except for those below, mean an operation that is not
 * emulated.
 */
const KNOWN_PARAMETERS = new Set([
  'uploads',
  'uploadId',
  'partNumber',
  'prefix',
  'delimiter',
  'encoding-type',
  'key-marker',
  'upload-id-marker',
  'max-uploads',
  'max-parts',
  'part-number-marker',
]);

/** Parameters of signatures, parameters that SDKs add for themselves, and `response-…`, which only changes headers. */
const HARMLESS_PARAMETER = /^(q-|x-|response-|sign$)/i;

/** Returns the operation of a request, undefined for all that the credentials of an upload do not allow. */
export function operationName(
  { method = '', headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  key: string,
  query: Query,
): OperationName | undefined {
  const foreign = query.some(
    ([name]) => !KNOWN_PARAMETERS.has(name) && !HARMLESS_PARAMETER.test(name),
  );
  const copies = 'x-cos-copy-source' in headers || 'x-amz-copy-source' in headers;
  if (foreign || copies) return undefined;
  const has = (name: string) => queryValue(query, name) !== undefined;
  if (key === '') return bucketOperation(method, has('uploads'));
  if (has('uploads')) return method === 'POST' ? 'InitiateMultipartUpload' : undefined;
  return has('uploadId') ? uploadOperation(method) : objectOperation(method);
}

/** Returns the function of the operation `name`. */
export function operationOf(name: OperationName): StorageOperation {
  return OPERATIONS[name];
}

function bucketOperation(method: string, listsUploads: boolean): OperationName | undefined {
  if (method === 'HEAD') return 'HeadBucket';
  return method === 'GET' && listsUploads ? 'ListMultipartUploads' : undefined;
}

function uploadOperation(method: string): OperationName | undefined {
  switch (method) {
    case 'PUT':
      return 'UploadPart';
    case 'GET':
      return 'ListParts';
    case 'POST':
      return 'CompleteMultipartUpload';
    case 'DELETE':
      return 'AbortMultipartUpload';
    default:
      return undefined;
  }
}

function objectOperation(method: string): OperationName | undefined {
  switch (method) {
    case 'PUT':
      return 'PutObject';
    case 'HEAD':
      return 'HeadObject';
    case 'GET':
      return 'GetObject';
    default:
      return undefined;
  }
}

/** Clients only measure how fast the refusal arrives. */
async function probe(): Promise<never> {
  throw new CosError('AccessDenied', 'Upload credentials do not open the bucket itself');
}
