import { XMLParser } from 'fast-xml-parser';
import { expect } from 'vitest';
import { crc64BitByBit } from '../emulator/storage/crc64-bit-by-bit.ts';
import type { ServerClient, StorageRequest } from './server-client.ts';
import { exchange, type WireKey, type WireReply, type WireRequest } from './wire.ts';

const API_HOST = 'vod.tencentcloudapi.com';

/** The members of an API answer that the clients read. */
interface ApiResponse {
  readonly Error?: { readonly Code: string; readonly Message: string };
  readonly RequestId: string;
  readonly StorageBucket: string;
  readonly StorageRegion: string;
  readonly VodSessionKey: string;
  readonly MediaStoragePath: string;
  readonly CoverStoragePath: string;
  readonly TempCertificate: {
    readonly SecretId: string;
    readonly SecretKey: string;
    readonly Token: string;
  };
  readonly FileId: string;
  readonly MediaUrl: string;
  readonly CoverUrl?: string;
  readonly MediaSegmentSet: readonly string[];
}

interface CallOptions {
  readonly key?: WireKey;
  /** Unix seconds of the client's clock. */
  readonly at?: number;
  /** Whether the call has the older signature. */
  readonly older?: boolean;
}

/** Where a file is to be stored, with the credentials for that. */
export type StorageTarget = Omit<StorageRequest, 'method'>;

/** What a client does in an upload. */
export interface UploadSteps {
  /** Returns the answer to a call of the API, also one that refuses. Parameters that are undefined are left out. */
  ask(
    action: string,
    parameters: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<ApiResponse>;
  /** Returns the answer to a call of the API; throws the code and the message of one that refuses. */
  call(
    action: string,
    parameters: Readonly<Record<string, unknown>>,
    key?: WireKey,
  ): Promise<ApiResponse>;
  /** `applied` is the answer to ApplyUpload, and `path` one of its paths. */
  targetOf(applied: ApiResponse, path: string): StorageTarget;
  /** Stores a file, in parts if the client does so; throws the code and the message of an answer that refuses. */
  store(target: StorageTarget, bytes: Buffer): Promise<void>;
  /** Begins an upload in parts and returns its id. */
  initiate(target: StorageTarget): Promise<string>;
  send(request: WireRequest): Promise<WireReply>;
}

/** Where requests go, and the account that signs calls of the API. */
interface Destination {
  /** Of this machine. */
  readonly port: number;
  readonly account: WireKey;
}

const xml = new XMLParser({ ignoreDeclaration: true, parseTagValue: false });

/** Returns the current time in Unix seconds. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

/** Returns the code and the message of a storage answer that refuses. */
export function readStorageError({ body }: WireReply): { Code: string; Message: string } {
  return xml.parse(body).Error;
}

/** Returns the steps of uploads by requests of `client`. `destination` is called for each request. */
export function createSteps(client: ServerClient, destination: () => Destination): UploadSteps {
  const send = (request: WireRequest) => exchange(destination().port, request);

  const ask: UploadSteps['ask'] = async (
    action,
    parameters,
    { key = destination().account, at = nowSeconds(), older = false } = {},
  ) => {
    const { secretId, secretKey } = key;
    const set = Object.entries(parameters).filter(([, value]) => value !== undefined);
    const request = { host: API_HOST, action, parameters: Object.fromEntries(set), seconds: at };
    const write = older ? client.callApiV1 : client.callApi;
    const reply = await send(write({ ...request, key: { secretId, secretKey } }));
    expect(reply.status).toBe(200);
    // The client for Python reads an error only from an answer of exactly this type.
    expect(reply.headers['content-type']).toBe('application/json');
    return JSON.parse(reply.body).Response;
  };

  async function sendAccepted(request: WireRequest): Promise<WireReply> {
    const reply = await send(request);
    if (reply.status === 200) return reply;
    const { Code, Message } = readStorageError(reply);
    throw new Error(`${Code} ${Message}`);
  }

  async function sendBytes(request: WireRequest, bytes: Buffer): Promise<WireReply> {
    const reply = await sendAccepted(request);
    // The client for Go fails if this is not that of what it sent.
    expect(reply.headers['x-cos-hash-crc64ecma']).toBe(String(crc64BitByBit(bytes)));
    return reply;
  }

  async function initiate(target: StorageTarget): Promise<string> {
    const { body } = await sendAccepted(client.initiate({ ...target, method: 'POST' }));
    return xml.parse(body).InitiateMultipartUploadResult.UploadId;
  }

  async function storeParts(target: StorageTarget, bytes: Buffer): Promise<void> {
    const looked = client.listUploads({ ...target, method: 'GET', path: '/' }, target.path);
    if (looked !== undefined) {
      const { ListMultipartUploadsResult } = xml.parse((await sendAccepted(looked)).body);
      expect(ListMultipartUploadsResult).not.toHaveProperty('Upload');
    }
    const uploadId = await initiate(target);
    const parts: { partNumber: number; etag: string }[] = [];
    for (let begin = 0; begin < bytes.length; begin += client.partSize) {
      const body = bytes.subarray(begin, begin + client.partSize);
      const part = { uploadId, partNumber: parts.length + 1, body };
      const reply = await sendBytes(client.putPart({ ...target, method: 'PUT' }, part), body);
      parts.push({ partNumber: part.partNumber, etag: reply.headers['etag'] ?? '' });
    }
    const complete = client.complete({ ...target, method: 'POST' }, { uploadId, parts });
    const completed = await sendBytes(complete, bytes);
    // An answer without this is a failure for all of them.
    const { ETag } = xml.parse(completed.body).CompleteMultipartUploadResult;
    expect(ETag).toMatch(new RegExp(`-${parts.length}"$`));
  }

  return {
    ...{ ask, initiate, send },
    async call(action, parameters, key = destination().account) {
      const answer = await ask(action, parameters, { key });
      if (answer.Error === undefined) return answer;
      throw new Error(`${answer.Error.Code} ${answer.Error.Message}`);
    },
    targetOf({ StorageBucket, StorageRegion, TempCertificate }, path) {
      const { SecretId: secretId, SecretKey: secretKey, Token: token } = TempCertificate;
      const host = `${StorageBucket}.cos.${StorageRegion}.myqcloud.com`;
      return { key: { secretId, secretKey, token }, host, path, seconds: nowSeconds() };
    },
    async store(target, bytes) {
      if (bytes.length > client.maxPutBytes) return storeParts(target, bytes);
      await sendBytes(client.put({ ...target, method: 'PUT' }, bytes), bytes);
    },
  };
}
