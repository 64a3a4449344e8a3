import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A header of a request, in the order and spelling in which the client sends it. */
export type Header = readonly [name: string, value: string];

/** A request as a client writes it to its connection. */
export interface WireRequest {
  /** Method, target and version. */
  readonly line: string;
  readonly headers: readonly Header[];
  readonly body?: string | Buffer;
}

/** The answer to a {@link WireRequest}; the names of its headers are in lower case. */
export interface WireReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A key that signs, and the token that belongs to it. */
export interface WireKey {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string;
}

/**
 * Sends the bytes of `request` to a port of this machine and returns the answer. The body of a request with `Expect` is
 * sent when the server asks for it.
 */
export async function exchange(port: number, request: WireRequest): Promise<WireReply> {
  const socket = connect(port, '127.0.0.1');
  try {
    const { line, headers, body = '' } = request;
    const lines = [line, ...headers.map(([name, value]) => `${name}: ${value}`)];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const waits = headers.some(([name]) => name === 'Expect');
    const first = waits ? await readHead(socket, '') : undefined;
    if (first !== undefined && first.status !== 100) return await readBody(socket, first);
    socket.write(body);
    const head = await readHead(socket, first?.rest ?? '');
    return await readBody(socket, head);
  } finally {
    socket.destroy();
  }
}

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly rest: string;
}

async function readHead(socket: Socket, begun: string): Promise<Head> {
  let text = begun;
  while (!text.includes('\r\n\r\n')) text += await readMore(socket);
  const end = text.indexOf('\r\n\r\n');
  const [status = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line) => {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    return [name.toLowerCase(), value];
  });
  return {
    status: Number(status.split(' ')[1]),
    headers: Object.fromEntries(headers),
    rest: text.slice(end + 4),
  };
}

async function readBody(socket: Socket, { status, headers, rest }: Head): Promise<WireReply> {
  let bytes = rest;
  const length = Number(headers['content-length'] ?? 0);
  while (bytes.length < length) bytes += await readMore(socket);
  const body = Buffer.from(bytes, 'latin1').toString();
  return { status, headers, body };
}

async function readMore(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, 'data');
  return Buffer.from(chunk).toString('latin1');
}

/**
 * Returns the `Authorization` of an API request that signs `content-type;host`, as the vendor's API SDKs do.
 * https://cloud.tencent.com/document/product/266/31757
 */
export function signTc3(
  key: WireKey,
  request: { readonly host: string; readonly contentType: string; readonly body: string },
  seconds: number,
): string {
  const date = new Date(seconds * 1_000).toISOString().slice(0, 10);
  const scope = `${date}/vod/tc3_request`;
  const headers = `content-type:${request.contentType}\nhost:${request.host}\n`;
  const canonical = `POST\n/\n\n${headers}\ncontent-type;host\n${sha256(request.body)}`;
  const text = `TC3-HMAC-SHA256\n${seconds}\n${scope}\n${sha256(canonical)}`;
  const derived = hmac('sha256', hmac('sha256', `TC3${key.secretKey}`, date), 'vod');
  const signature = hmac('sha256', hmac('sha256', derived, 'tc3_request'), text).toString('hex');
  return `TC3-HMAC-SHA256 Credential=${key.secretId}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`;
}

/**
 * Returns `Signature` of an API request whose parameters are a form, with `SignatureMethod=HmacSHA256`.
 * https://cloud.tencent.com/document/product/266/31757
 */
export function signV1(key: WireKey, host: string, fields: readonly Header[]): string {
  const sorted = [...fields].sort(([left], [right]) => (left < right ? -1 : 1));
  const text = sorted.map(([name, value]) => `${name}=${value}`).join('&');
  return hmac('sha256', key.secretKey, `POST${host}/?${text}`).toString('base64');
}

/** Returns `fields` as a form, in their order. */
export function encodeForm(fields: readonly Header[]): string {
  return fields
    .map((field) => field.map(encode).join('='))
    .join('&')
    .replaceAll('%20', '+');
}

/** What a COS signature covers; names are in lower case. */
export interface CosSigned {
  readonly method: string;
  /** Decoded, as the client signs it. */
  readonly path: string;
  readonly query: readonly Header[];
  readonly headers: readonly Header[];
  /** Unix seconds. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Returns the `Authorization` of a storage request, as COS's SDKs for Go, Python and PHP write it.
 * https://cloud.tencent.com/document/product/436/7778
 */
export function signCos(key: WireKey, signed: CosSigned): string {
  const time = `${signed.begin};${signed.end}`;
  const sorted = (fields: readonly Header[]) =>
    [...fields].sort(([left], [right]) => (left < right ? -1 : 1));
  const text = (fields: readonly Header[]) =>
    sorted(fields)
      .map(([name, value]) => `${name}=${encode(value)}`)
      .join('&');
  const names = (fields: readonly Header[]) => sorted(fields).map(([name]) => name);
  const { method, path, query, headers } = signed;
  const http = `${method.toLowerCase()}\n${path}\n${text(query)}\n${text(headers)}\n`;
  const digest = createHash('sha1').update(http).digest('hex');
  const signKey = hmac('sha1', key.secretKey, time).toString('hex');
  const signature = hmac('sha1', signKey, `sha1\n${time}\n${digest}\n`).toString('hex');
  return [
    'q-sign-algorithm=sha1',
    `q-ak=${key.secretId}`,
    `q-sign-time=${time}`,
    `q-key-time=${time}`,
    `q-header-list=${names(headers).join(';')}`,
    `q-url-param-list=${names(query).join(';')}`,
    `q-signature=${signature}`,
  ].join('&');
}

/** Returns `text` with everything but letters, digits and `-_.~` percent-encoded. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hmac(algorithm: string, key: string | Buffer, text: string): Buffer {
  return createHmac(algorithm, key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
