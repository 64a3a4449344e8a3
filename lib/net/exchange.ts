import { type Agent, type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A request, and how much of its answer is waited for and read. */
export interface ExchangeRequest {
  /** An `http:` or `https:` URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Sent by POST; without it the request is a GET. */
  readonly body?: Buffer;
  /** Keeps connections open, or says what may be connected to; without it the connection is of this exchange alone. */
  readonly agent?: Agent;
  /** Milliseconds for the whole exchange. */
  readonly timeLimit: number;
  /** Milliseconds for the body, from the moment at which the status is known; all that is left where it is absent. */
  readonly bodyTimeLimit?: number;
  /** Bytes of the largest body that is read. */
  readonly maxBytes: number;
  /** Whether the body of an answer with this status is of use; every one is where this is absent. */
  readonly wantsBody?: (status: number) => boolean;
}

/** What came of a request. An `error` is a word that says nothing of hosts and addresses, which Node's texts do. */
export type Exchanged =
  | (ExchangeHead & { readonly kind: 'answered'; readonly body: Buffer })
  /** The body was not read to its end: `too_large`, `unwanted`, `timeout`, or the code of the connection's failure. */
  | (ExchangeHead & { readonly kind: 'cut'; readonly error: string })
  /** There was no answer: `timeout`, or the code of the failure, `network` where it has none. */
  | {
      readonly kind: 'failed';
      readonly error: string;
      /** Whether a connection that was kept open turned out to be closed, which says nothing of the request. */
      readonly isStale: boolean;
    };

interface ExchangeHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Makes one request over HTTP and returns what came of it, within the time and the size that `request` has. No
 * redirection is followed. A connection whose answer was not read to its end is closed.
 */
export function exchange(request: ExchangeRequest): Promise<Exchanged> {
  const { url, headers, body, agent = false, timeLimit, bodyTimeLimit = timeLimit } = request;
  const open = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const sent = open(url, { method: body === undefined ? 'GET' : 'POST', headers, agent });
    const finish = (outcome: Exchanged) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const end = (outcome: Exchanged) => {
      finish(outcome);
      sent.destroy();
    };
    const fail = (error: string) =>
      end({ kind: 'failed', error, isStale: sent.reusedSocket && CLOSED.has(error) });
    let timer = setTimeout(() => fail('timeout'), timeLimit);
    const started = performance.now();

    sent.on('error', (error) => fail(readCode(error)));
    sent.on('response', (response) => {
      const head = { status: response.statusCode ?? 0, headers: response.headers };
      const cut = (error: string) => end({ ...head, kind: 'cut', error });
      clearTimeout(timer);
      const left = Math.max(0, timeLimit - (performance.now() - started));
      timer = setTimeout(() => cut('timeout'), Math.min(left, bodyTimeLimit));
      if (request.wantsBody?.(head.status) === false) return cut('unwanted');
      if (Number(head.headers['content-length'] ?? 0) > request.maxBytes) return cut('too_large');
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > request.maxBytes) cut('too_large');
        else chunks.push(chunk);
      });
      response.on('error', (error) => cut(readCode(error)));
      response.on('end', () => finish({ ...head, kind: 'answered', body: Buffer.concat(chunks) }));
    });
    sent.end(body);
  });
}

/** By what a connection fails that the other side has closed. */
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

function readCode({ code }: NodeJS.ErrnoException): string {
  return code !== undefined && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : 'network';
}
