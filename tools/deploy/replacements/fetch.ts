import { type Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** The options that the vendor's client passes to `node-fetch`. */
export interface FetchOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Text or bytes; forms, which are streams, are not sent. */
  readonly body?: unknown;
  /** Milliseconds for the whole exchange. */
  readonly timeout?: number;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/** The part of a response that the vendor's client reads. */
export interface FetchResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly json: () => Promise<unknown>;
}

/**
 * Replaces `node-fetch`: one request with Node's own client, whose answer is read to its end before it is returned.
 * Rejections have the texts of `node-fetch`.
 *
 * Unlike `node-fetch`, it rejects immediately, not after the time limit, when a connection breaks in the middle of an
 * answer; it follows no redirection (the signature is valid for one host), and answers are never compressed.
 */
export function fetch(url: string, options: FetchOptions): Promise<FetchResponse> {
  const { method, headers, body, timeout, agent, signal } = options;
  if (body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)) {
    return Promise.reject(new Error('This bundle sends text and bytes only.'));
  }
  if (signal?.aborted) return Promise.reject(abortError());

  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers, ...(agent === undefined ? {} : { agent }) });
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const fail = (error: Error) => {
      settle();
      reject(error);
      request.destroy();
    };
    const abort = () => fail(abortError());
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => fail(new Error(`network timeout at: ${url}`)), timeout);
    signal?.addEventListener('abort', abort, { once: true });

    const failFrom = (cause: Error) =>
      fail(new Error(`request to ${url} failed, reason: ${cause.message}`, { cause }));
    request.on('error', failFrom);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failFrom);
      response.on('end', () => {
        settle();
        resolve(describeResponse(url, response, Buffer.concat(chunks)));
      });
    });
    request.end(body);
  });
}

function abortError(): Error {
  return new Error('The user aborted a request.');
}

function describeResponse(url: string, response: IncomingMessage, body: Buffer): FetchResponse {
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? '',
    headers: {
      get: (name) => {
        const value = response.headers[name];
        return value === undefined ? null : value.toString();
      },
    },
    json: async () => parseJson(url, body.toString()),
  };
}

function parseJson(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : '';
    throw new Error(`invalid json response body at ${url} reason: ${reason}`, { cause });
  }
}
