import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  request,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { chooseProxy, createTunnelAgent, proxyHeaders } from './proxy.ts';
import { PutError } from './put-error.ts';
import { type StallTimer, startStallTimer } from './stall-timer.ts';

/** A body of which the length is known. */
export interface RequestBody {
  readonly size: number;
  /** Returns its bytes; a chunk is not touched again before the next is asked for. */
  readonly chunks: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** A request of an upload. */
export interface OutgoingRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Called with the number of bytes, each time that some were sent. */
  readonly onSent?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The whole answer to a request. */
export interface IncomingAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends requests over connections that stay open. */
export interface Transport {
  /**
   * Returns the answer, whatever its status.
   *
   * @throws {PutError} `unreachable` without an answer; an error of the body; the reason of the signal.
   */
  readonly send: (request: OutgoingRequest) => Promise<IncomingAnswer>;
  /** Closes all connections. */
  readonly close: () => void;
}

/** Answers are lists of 1,000 parts at most. */
const MAX_ANSWER_BYTES = 8 * 1024 ** 2;

/** A body that begins later than this does not hold the headers back. */
const FLUSH_MILLISECONDS = 500;

/** Creates the transport of a program with these environment variables, which may name proxies. */
export function createTransport(
  variables: Readonly<Record<string, string | undefined>>,
): Transport {
  const plain = new HttpAgent({ keepAlive: true });
  const direct = new HttpsAgent({ keepAlive: true });
  const tunnels = new Map<string, HttpsAgent>();
  const route = (url: URL) => {
    const proxy = chooseProxy(url, variables);
    const isSecure = url.protocol === 'https:';
    if (proxy === undefined) return { target: url, agent: isSecure ? direct : plain };
    if (!isSecure) return { target: proxy, agent: plain, path: url.href, ...passing(url, proxy) };
    const tunnel = tunnels.get(proxy.href) ?? createTunnelAgent(proxy);
    tunnels.set(proxy.href, tunnel);
    return { target: url, agent: tunnel };
  };
  return {
    async send(outgoing) {
      outgoing.signal?.throwIfAborted();
      const { target, agent, path, headers } = {
        path: undefined,
        headers: {},
        ...route(outgoing.url),
      };
      const open = target.protocol === 'https:' ? requestHttps : request;
      const length = outgoing.body === undefined ? {} : { 'Content-Length': outgoing.body.size };
      const sending = open(target, {
        ...{ method: outgoing.method, agent },
        headers: { ...outgoing.headers, ...length, ...headers },
        ...(path === undefined ? {} : { path }),
      });
      return exchange(sending, outgoing);
    },
    close() {
      for (const agent of [plain, direct, ...tunnels.values()]) agent.destroy();
    },
  };
}

/** https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2 */
function passing({ host }: URL, proxy: URL) {
  return { headers: { Host: host, ...proxyHeaders(proxy) } };
}

async function exchange(
  sending: ClientRequest,
  { url, body, onSent, signal }: OutgoingRequest,
): Promise<IncomingAnswer> {
  const abort = () => sending.destroy();
  signal?.addEventListener('abort', abort);
  const stalls = startStallTimer(() =>
    sending.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })),
  );
  try {
    const answering = receive(sending);
    // A failure of the connection is reported by the answer, which is awaited last.
    answering.catch(() => undefined);
    await writeBody(sending, body, { onSent, stalls, answering });
    stalls.expectAnswer();
    return await answering;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof PutError) throw error;
    throw unreachable(url, error);
  } finally {
    stalls.pause();
    signal?.removeEventListener('abort', abort);
    // Without an answer that was read to its end, the connection is of no use.
    if (!sending.writableFinished) sending.destroy();
  }
}

interface Writing {
  readonly onSent: OutgoingRequest['onSent'];
  readonly stalls: StallTimer;
  readonly answering: Promise<IncomingAnswer>;
}

/** Writes until the body ends, or until there is an answer, which then refuses the rest. */
async function writeBody(
  sending: ClientRequest,
  body: RequestBody | undefined,
  { onSent, stalls, answering }: Writing,
): Promise<void> {
  let isAnswered = false;
  let wake = () => {};
  const stop = () => {
    isAnswered = true;
    wake();
  };
  // A body may wait for its turn, but signatures do not wait.
  const flush = setTimeout(() => sending.flushHeaders(), FLUSH_MILLISECONDS);
  answering.then(stop, stop).finally(() => clearTimeout(flush));
  for await (const chunk of body?.chunks() ?? []) {
    clearTimeout(flush);
    if (isAnswered) return;
    stalls.expect(chunk.length);
    await new Promise<void>((resolve) => {
      wake = resolve;
      sending.write(chunk, () => resolve());
    });
    stalls.pause();
    if (isAnswered) return;
    onSent?.(chunk.length);
  }
  sending.end();
}

function receive(sending: ClientRequest): Promise<IncomingAnswer> {
  return new Promise((resolve, reject) => {
    sending.once('error', reject);
    sending.once('close', () => reject(Object.assign(new Error(), { code: 'ECONNRESET' })));
    sending.once('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) response.destroy(new Error('The answer is too large.'));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, text: Buffer.concat(chunks).toString() });
      });
    });
  });
}

function unreachable({ hostname }: URL, error: unknown): PutError {
  const reason = String(Object(error).code ?? 'network');
  const message = `${hostname} cannot be reached (${reason}).`;
  return new PutError('unreachable', message, { isTransient: true, reason, cause: error });
}
