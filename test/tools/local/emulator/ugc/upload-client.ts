import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { CloudRequest } from '../../../../../tools/local/emulator/cloud-request.ts';
import { listen } from '../../../../support/listen.ts';

/** Returns an upload signature of a query string, computed by the vendor's documentation. */
export function signText(secretKey: string, original: string): string {
  const digest = createHmac('sha1', secretKey).update(original, 'utf8').digest();
  return Buffer.concat([digest, Buffer.from(original, 'utf8')]).toString('base64');
}

/** Returns an upload signature of fields; undefined fields are left out. */
export function signFields(
  secretKey: string,
  fields: Readonly<Record<string, string | number | undefined>>,
): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return signText(secretKey, pairs.join('&'));
}

/** A server running on this machine. */
export interface LocalServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves `handle` on a free port; a request's path is `/<cloud host>/<path on it>`. */
export async function serveCloud(
  handle: (request: CloudRequest) => Promise<void>,
): Promise<LocalServer> {
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const [, host = '', ...segments] = url.pathname.split('/');
    const path = `/${segments.join('/')}`;
    const literalHost = incoming.headers.host ?? '';
    const query = url.search.slice(1);
    handle({ host, literalHost, path, query, incoming, outgoing }).catch(() => outgoing.destroy());
  });
  const { origin, close } = await listen(server);
  return { origin, close };
}

/** The answer of a UGC action. */
export interface UgcAnswer {
  readonly code: number;
  readonly message: string;
  readonly data?: UgcData;
}

interface UgcFile {
  readonly storagePath: string;
  readonly storageSignature: string;
  readonly url: string;
  readonly verify_content: string;
}

/** The data of the three actions' answers, combined. */
export interface UgcData {
  readonly appId: number;
  readonly cosRegionList: readonly { readonly region: string; readonly domain: string }[];
  readonly fileId: string;
  readonly video?: UgcFile;
  readonly cover?: UgcFile;
  readonly storageRegion: string;
  readonly storageRegionV5: string;
  readonly StorageRegionV5: string;
  readonly storageAppId: number;
  readonly storageBucket: string;
  readonly vodSessionKey: string;
  readonly timestamp: number;
  readonly tempCertificate: {
    readonly secretId: string;
    readonly secretKey: string;
    readonly token: string;
    readonly expiredTime: number;
  };
}

/** Calls a UGC action as the SDKs do. */
export function callUgc(origin: string, action: string, body: unknown): Promise<Response> {
  return fetch(`${origin}/vod2.qcloud.com/v3/index.php?Action=${action}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Calls a UGC action and returns its answer. */
export async function askUgc(origin: string, action: string, body: unknown): Promise<UgcAnswer> {
  const response = await callUgc(origin, action, body);
  return (await response.json()) as UgcAnswer;
}

/** Calls a UGC action that must succeed and returns its data. */
export async function doUgc(origin: string, action: string, body: unknown): Promise<UgcData> {
  const answer = await askUgc(origin, action, body);
  if (answer.code !== 0 || answer.data === undefined) {
    throw new Error(`${action} is refused: ${answer.code} ${answer.message}`);
  }
  return answer.data;
}
