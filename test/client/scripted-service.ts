import { afterEach, vi } from 'vitest';

/** A request that the client made. */
interface ServiceCall {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An answer of the service; `'unreachable'` is none. */
export type ServiceAnswer =
  | 'unreachable'
  | { readonly status?: number; readonly headers?: HeadersInit; readonly body?: unknown };

/** The service behind `fetch`. */
export interface ScriptedService {
  readonly calls: readonly ServiceCall[];
  /** Answers the next requests of this method, one each, instead of what the service would. */
  answerNext(method: 'POST' | 'GET' | 'PUT' | 'DELETE', ...answers: readonly ServiceAnswer[]): void;
  /** What `GET /uploads/{uploadId}` answers from now on. */
  upload: Readonly<Record<string, unknown>>;
  /** Limits of every upload. */
  limits: Readonly<Record<string, unknown>> | undefined;
}

/** The address of the service. */
export const ENDPOINT = 'https://vod.example.com';

/** Returns a problem as the service answers it. */
export function refusal(status: number, code: string, more: object = {}): ServiceAnswer {
  return {
    status,
    body: { type: 'about:blank', title: code, status, code, detail: `${code}!`, ...more },
  };
}

/** Replaces `fetch` with a service that permits uploads and knows one. */
export function scriptService(): ScriptedService {
  const calls: ServiceCall[] = [];
  const queues = new Map<string, ServiceAnswer[]>();
  const service: ScriptedService = {
    calls,
    answerNext: (method, ...answers) =>
      queues.set(method, [...(queues.get(method) ?? []), ...answers]),
    upload: { state: 'issued' },
    limits: undefined,
  };
  let issued = 0;
  function answer({ method, body }: ServiceCall): ServiceAnswer {
    const next = queues.get(method)?.shift();
    if (next !== undefined) return next;
    if (method === 'GET')
      return {
        body: service.upload,
        headers: { ETag: JSON.stringify(JSON.stringify(service.upload).length) },
      };
    if (method === 'PUT') return { status: 204 };
    if (method === 'DELETE') return { body: { ...service.upload, state: 'cancelled' } };
    issued += 1;
    const uploadId = body['uploadId'] ?? `upload-${issued}`;
    return { body: { signature: `signature-${issued}`, uploadId, limits: service.limits } };
  }
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    const call = {
      method: init.method ?? 'GET',
      path: url.replace(ENDPOINT, ''),
      token: headers.get('authorization')?.replace('Bearer ', '') ?? '',
      headers,
      body: JSON.parse(String(init.body ?? '{}')),
    };
    calls.push(call);
    init.signal?.throwIfAborted();
    const told = answer(call);
    if (told === 'unreachable') throw new TypeError('Failed to fetch');
    const { status = 200, body } = told;
    const text = [204, 304].includes(status) ? null : JSON.stringify(body);
    return new Response(text, { status, headers: told.headers ?? {} });
  });
  return service;
}

afterEach(() => {
  vi.unstubAllGlobals();
});
