import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import COS from 'cos-nodejs-sdk-v5';
import {
  type Activity,
  createActivityLog,
  type RecordedActivity,
} from '../../../../../tools/local/activity.ts';
import { createFaults } from '../../../../../tools/local/emulator/faults.ts';
import type { StorageGrant } from '../../../../../tools/local/emulator/storage/grant.ts';
import { openObjects } from '../../../../../tools/local/emulator/storage/object-files.ts';
import { createSpeedLimit } from '../../../../../tools/local/emulator/storage/speed-limit.ts';
import { createStorageHandler } from '../../../../../tools/local/emulator/storage/storage-handler.ts';
import { listen } from '../../../../support/listen.ts';

export const BUCKET = 'vodlocal01-1250000001';
export const REGION = 'ap-singapore';
export const HOST = `${BUCKET}.cos.${REGION}.myqcloud.com`;
export const PREFIX = 'vodlocal01/5285890000000000001/';

/** Returns credentials that are valid for {@link PREFIX} for an hour. */
export function exampleGrant(change: Partial<StorageGrant> = {}): StorageGrant {
  return {
    secretId: 'AKIDtmpexample',
    secretKey: 'tmp-secret-key-example',
    token: 'token-example',
    expiresAt: Math.floor(Date.now() / 1000) + 3600,
    bucket: BUCKET,
    region: REGION,
    prefix: PREFIX,
    ...change,
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Send {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Starts the storage side with a separate directory, behind a real HTTP server on 127.0.0.1. */
export async function startStorage(now?: () => Date) {
  const directory = await mkdtemp(join(tmpdir(), 'storage-'));
  const grants = new Map<string, StorageGrant>();
  const activity = createActivityLog();
  const faults = createFaults(activity);
  const speed = createSpeedLimit();
  const objects = await openObjects(join(directory, 'objects'));
  const handler = createStorageHandler({
    objects,
    faults,
    speed,
    activity,
    grantOf: (secretId) => grants.get(secretId),
    ...(now === undefined ? {} : { now }),
  });
  const failures: unknown[] = [];
  const server = createServer((incoming, outgoing) => {
    const url = incoming.url ?? '/';
    const cut = url.indexOf('?');
    const literalHost = incoming.headers.host ?? '';
    handler({
      host: literalHost.replace(/:\d+$/, '').toLowerCase(),
      literalHost,
      path: cut < 0 ? url : url.slice(0, cut),
      query: cut < 0 ? '' : url.slice(cut + 1),
      incoming,
      outgoing,
    }).catch((error: unknown) => failures.push(error));
  });
  const { port, close } = await listen(server);
  return {
    directory,
    objects,
    activity,
    faults,
    speed,
    grants,
    port,
    failures,
    operations: () =>
      activity
        .since(0)
        .filter((entry): entry is RecordedActivity & Activity & { type: 'storage' } => {
          return entry.type === 'storage';
        }),
    send: (message: Send) => sendTo(port, message),
    async stop() {
      await close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function sendTo(port: number, { method, path, headers, body = '' }: Send): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = method === 'GET' || method === 'HEAD' ? {} : { 'Content-Length': body.length };
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, method, path, headers: { Host: HOST, ...length, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const status = incoming.statusCode ?? 0;
          resolve({ status, headers: incoming.headers, body: Buffer.concat(chunks) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Returns the headers of a request that the vendor's SDK signed for `grant`. */
export function signedHeaders(
  grant: StorageGrant,
  method: string,
  key: string,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
): Record<string, string> {
  const Authorization = COS.getAuthorization({
    SecretId: grant.secretId,
    SecretKey: grant.secretKey,
    // Its type leaves out HEAD.
    Method: method as COS.Method,
    Key: key,
    Query: query,
    Headers: { Host: HOST, ...headers },
  });
  return { ...headers, Authorization, 'x-cos-security-token': grant.token };
}
