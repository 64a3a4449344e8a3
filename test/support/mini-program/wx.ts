import { open, stat } from 'node:fs/promises';
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as sendRequest,
} from 'node:http';

/** Where the hosts that a mini program names are served, as with a hosts file and a proxy that ends TLS. */
export interface MiniProgramOptions {
  /** Port on this machine. */
  readonly port: number;
  /** The hosts that the app may call, from its settings; WeChat refuses all others. */
  readonly hosts: readonly string[];
  /** The app's storage, which outlives its run. */
  readonly storage: Map<string, string>;
}

/** A request as the app made it. */
interface SentRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

interface Callbacks<Result> {
  success?(result: Result): void;
  fail?(error: { readonly errMsg: string }): void;
}

interface RequestOptions
  extends Callbacks<{
    readonly data: unknown;
    readonly statusCode: number;
    readonly header: IncomingHttpHeaders;
    readonly errMsg: string;
  }> {
  readonly url: string;
  readonly method?: string;
  readonly header?: Readonly<Record<string, string | number>>;
  readonly data?: unknown;
  readonly dataType?: string;
}

interface ReadOptions extends Callbacks<{ readonly data: ArrayBuffer; readonly errMsg: string }> {
  readonly filePath: string;
  readonly position?: number;
  readonly length?: number;
}

interface StatOptions extends Callbacks<{ readonly stats: object; readonly errMsg: string }> {
  readonly path: string;
}

const SYSTEM = {
  ...{ brand: 'example', model: 'phone', platform: 'android', system: 'Android 14' },
  ...{ version: '8.0.50', SDKVersion: '3.5.5' },
};

/** A running mini program: what WeChat provides to its code, and what it has sent. */
export interface MiniProgram {
  /** The global `wx`, with the members that the vendor's SDK uses. */
  readonly wx: object;
  readonly sent: readonly SentRequest[];
  /** Ends the program as WeChat does: requests are aborted, and none of its functions is called any more. */
  close(): void;
}

/**
 * Starts a mini program. Its `wx` behaves as https://developers.weixin.qq.com/miniprogram/en/dev/api/ says: an object is
 * sent as JSON, every HTTP status is a success, only hosts of the app's settings are called, files are read from the disk.
 */
export function startMiniProgram({ port, hosts, storage }: MiniProgramOptions): MiniProgram {
  const sent: SentRequest[] = [];
  const running = new Set<ClientRequest>();
  let closed = false;
  /** The program's functions are called later, and never after its end. */
  const call = (work: () => void) => {
    setImmediate(() => {
      if (!closed) work();
    });
  };

  const request = (options: RequestOptions) => {
    const { method = 'GET', data, dataType = 'json' } = options;
    const url = new URL(options.url);
    const fail = (reason: string) =>
      call(() => options.fail?.({ errMsg: `request:fail ${reason}` }));
    if (url.protocol !== 'https:' || !hosts.includes(url.hostname)) {
      fail('url not in domain list');
      return { abort: () => undefined };
    }
    const body = encodeBody(data);
    const headers = buildHeaders(options.header, url);
    sent.push({ method, url, headers, body });
    const path = url.pathname + url.search;
    const outgoing = sendRequest({ host: '127.0.0.1', port, method, path, headers });
    running.add(outgoing);
    let aborted = false;
    outgoing.on('close', () => running.delete(outgoing));
    receive(outgoing, dataType).then(
      (result) => call(() => options.success?.(result)),
      (error: Error) => fail(aborted ? 'abort' : error.message),
    );
    outgoing.end(body);
    return {
      abort() {
        aborted = true;
        outgoing.destroy(new Error('abort'));
      },
    };
  };

  return {
    sent,
    wx: {
      request,
      getStorageSync: (key: string) => storage.get(key) ?? '',
      setStorageSync: (key: string, value: string) => void storage.set(key, value),
      removeStorageSync: (key: string) => void storage.delete(key),
      getSystemInfoSync: () => SYSTEM,
      getSystemInfo: ({ success }: Callbacks<object>) => call(() => success?.(SYSTEM)),
      getNetworkType: ({ success }: Callbacks<object>) =>
        call(() => success?.({ networkType: 'wifi', errMsg: 'getNetworkType:ok' })),
      canIUse: (name: string) => ['getSystemInfo', 'getNetworkType'].includes(name),
      getFileSystemManager: () => ({
        readFile: (options: ReadOptions) => answer(readRange(options), 'readFile', options, call),
        stat: (options: StatOptions) => answer(readStats(options), 'stat', options, call),
      }),
    },
    close() {
      closed = true;
      for (const outgoing of running) outgoing.destroy();
    },
  };
}

/** Resolves with the answer to a request; rejects if there is none, or only a part of it. */
async function receive(outgoing: ClientRequest, dataType: string) {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    data: dataType === 'json' ? readJson(text) : text,
    statusCode: incoming.statusCode ?? 0,
    header: incoming.headers,
    errMsg: 'request:ok',
  };
}

function buildHeaders(given: RequestOptions['header'] = {}, { host }: URL) {
  const headers = Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    'content-type': 'application/json',
    'user-agent': 'Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50',
    referer: 'https://servicewechat.com/wx0123456789abcdef/1/page-frame.html',
    ...Object.fromEntries(headers),
    // Apps cannot choose it.
    host,
  };
}

function encodeBody(data: unknown): string | Buffer {
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  if (data === undefined) return '';
  return typeof data === 'string' ? data : JSON.stringify(data);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function answer<Result extends object>(
  work: Promise<Result>,
  name: string,
  { success, fail }: Callbacks<Result & { readonly errMsg: string }>,
  call: (work: () => void) => void,
): void {
  work.then(
    (result) => call(() => success?.({ ...result, errMsg: `${name}:ok` })),
    (error: Error) => call(() => fail?.({ errMsg: `${name}:fail ${error.message}` })),
  );
}

async function readRange({ filePath, position = 0, length }: ReadOptions) {
  const file = await open(filePath);
  try {
    const size = length ?? (await file.stat()).size - position;
    const data = new ArrayBuffer(size);
    const { bytesRead } = await file.read(new Uint8Array(data), 0, size, position);
    return { data: data.slice(0, bytesRead) };
  } finally {
    await file.close();
  }
}

async function readStats({ path }: StatOptions) {
  const stats = await stat(path);
  return {
    stats: {
      size: stats.size,
      isDirectory: () => stats.isDirectory(),
      isFile: () => stats.isFile(),
    },
  };
}
