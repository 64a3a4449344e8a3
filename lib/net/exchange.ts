import { type Agent, type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A request, and limits of time and size for its answer. */
export interface ExchangeRequest {
  /** An `http:` or `https:` URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Sent by POST, unless `method` says otherwise; without it the request is a GET. */
  readonly body?: Buffer;
  readonly method?: 'PUT';
  /** Keeps connections open, or restricts their addresses; without it, each exchange has its own connection. */
  readonly agent?: Agent;
  /** Milliseconds for the whole exchange. */
  readonly timeLimit: number;
  /** Milliseconds for the body, from the arrival of the status; if absent, the rest of `timeLimit`. */
  readonly bodyTimeLimit?: number;
  /** Largest body that is read, in bytes. */
  readonly maxBytes: number;
  /** Returns whether the body of an answer with this status is read; if absent, every body is. */
  readonly wantsBody?: (status: number) => boolean;
}

/** Result of a request. An `error` is one word without hosts and addresses, which the messages of Node.js contain. */
export type Exchanged =
  | (ExchangeHead & { readonly kind: 'answered'; readonly body: Buffer })
  /** The body was not read to its end: `too_large`, `unwanted`, `timeout`, or the code of the connection's failure. */
  | (ExchangeHead & { readonly kind: 'cut'; readonly error: string })
  /** There was no answer: `timeout`, or the code of the failure, `network` if it has none. */
  | {
      readonly kind: 'failed';
      readonly error: string;
      /** Whether a reused connection turned out to be closed, which is not a failure of the request itself. */
      readonly isStale: boolean;
    };

interface ExchangeHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Returns whether a server may answer otherwise later: it failed, or the client was too slow, too early or too often there.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5
 * @see https://www.rfc-editor.org/rfc/rfc8470#section-5.2
 * @see https://www.rfc-editor.org/rfc/rfc6585#section-4
 */
export function isTransientStatus(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/**
 * Makes one request over HTTP and returns its result, within the limits of time and size in `request`. Redirections are
 * not followed. A connection whose answer was not read to its end is closed.
 */
export function exchange(request: ExchangeRequest): Promise<Exchanged> {
  const { url, headers, body, agent = false, timeLimit, bodyTimeLimit = timeLimit } = request;
  const open = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const { method = body === undefined ? 'GET' : 'POST' } = request;
    const sent = open(url, { method, headers, agent });
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

/** Codes of the error on a connection that the other side has closed. */
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

function readCode({ code }: NodeJS.ErrnoException): string {
  return code !== undefined && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : 'network';
}
