import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

/** A received call of VOD's API. */
export interface VodCall {
  readonly action: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A stand-in for VOD's API, on a port of this machine. */
export interface VodServer {
  /** Host and port. */
  readonly endpoint: string;
  readonly calls: readonly VodCall[];
  /** Connections that were opened so far. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** Answers one call. */
export type AnswerVodCall = (response: ServerResponse, call: VodCall) => void;

/** Starts a server whose connections stay open until it is closed. */
export async function startVodServer(answer: AnswerVodCall): Promise<VodServer> {
  const calls: VodCall[] = [];
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const call: VodCall = {
        action: String(request.headers['x-tc-action']),
        path: request.url ?? '',
        headers: request.headers,
        text,
        parameters: JSON.parse(text),
      };
      calls.push(call);
      answer(response, call);
    });
  });
  const { host: endpoint, connections, close } = await listen(server);
  return { endpoint, calls, connections, close };
}

/** Answers as VOD does when a call succeeded. */
export function succeed(response: ServerResponse, fields: object = {}): void {
  writeJson(response, { Response: { ...fields, RequestId: 'request-1' } });
}

/** Answers as VOD does when it refuses a call: with status 200, and a message that quotes what was sent. */
export function refuse(response: ServerResponse, code: string, message = 'No.'): void {
  writeJson(response, {
    Response: { Error: { Code: code, Message: message }, RequestId: 'request-2' },
  });
}

function writeJson(response: ServerResponse, value: object): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(value));
}

/**
 * Returns the signature that a call should have, computed by the rules of TC3-HMAC-SHA256.
 *
 * @see https://cloud.tencent.com/document/api/213/30654
 */
export function expectedAuthorization(call: VodCall, secretId: string, secretKey: string): string {
  const seconds = String(call.headers['x-tc-timestamp']);
  const date = new Date(Number(seconds) * 1_000).toISOString().slice(0, 10);
  // The vendor's clients sign the host without its port, and use its first label as the service.
  const host = String(call.headers.host).split(':')[0] ?? '';
  const scope = `${date}/${host.split('.')[0]}/tc3_request`;
  const canonical = [
    'POST',
    call.path,
    '',
    `content-type:${call.headers['content-type']}`,
    `host:${host}`,
    '',
    'content-type;host',
    sha256(call.text),
  ].join('\n');
  const toSign = ['TC3-HMAC-SHA256', seconds, scope, sha256(canonical)].join('\n');
  let key: string | Buffer = `TC3${secretKey}`;
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
