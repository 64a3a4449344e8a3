import createClient from 'openapi-fetch';
import type { components, paths } from './api.ts';
import { createBackend, type Token } from './backend.ts';

export type { Token } from './backend.ts';
export type { FieldError, Problem, Violation } from './problem.ts';
// biome-ignore lint/performance/noBarrelFile: this is the entry point of a package.
export { VodUploadError } from './problem.ts';
export { putFile } from './put-file.ts';
export type {
  PutEndpoints,
  PutFileOptions,
  PutFileResult,
  PutProgress,
  PutSource,
} from './put-options.ts';
export type { SignatureFields, UploadLimits } from './signature-fields.ts';
export type {
  UnknownMessage,
  UploadMessage,
  VodMessage,
  WebhookHeaders,
  WebhookMessage,
} from './webhook.ts';
export { verifyWebhook } from './webhook.ts';

type Schemas = components['schemas'];

/** An upload as the service knows it. */
export type UploadRecord = Schemas['Upload'];
/** A request for one pull. */
export type PullRequest = Schemas['PullRequest'];
/** A pull that the service has accepted. */
export type Pull = Schemas['SubmittedPull'];
/** The outcome of one item of a batch. */
export type PullItem = Schemas['PullItem'];
/** What happened to an upload. */
export type Timeline = Schemas['Timeline'];
/** A delivery that was given up. */
export type DeadDelivery = Schemas['DeadDelivery'];
/** An item that was set aside. */
export type DeadItem = Schemas['DeadItem'];
/** An endpoint that receives messages. */
export type Endpoint = Schemas['Endpoint'];

/** The addresses of the functions, where each has its own host. */
export interface ApiEndpoints {
  readonly pull: string;
  readonly uploads: string;
}

/** How the service is reached. */
export interface VodApiOptions {
  /** Address of the service, below which are `/pull` and `/uploads`, or the addresses of both. */
  readonly endpoint: string | ApiEndpoints;
  /** A token, or an API key. */
  readonly token: Token;
}

/**
 * The service's HTTP API. Every call throws a {@link VodUploadError} with what the service refused, and is repeated while
 * the service cannot be reached or is busy.
 */
export interface VodApi {
  /** Has VOD fetch a file. Without an idempotency key it gets one of its own, so that a repeat has no effect. */
  pull(request: PullRequest): Promise<Pull>;
  /** Has VOD fetch up to 1000 files; returns their outcomes in the order of the requests. */
  pullAll(requests: readonly PullRequest[]): Promise<readonly PullItem[]>;
  readonly uploads: {
    get(uploadId: string): Promise<UploadRecord>;
    /** Yields the uploads that fit, newest first. */
    list(query?: Omit<Schemas['UploadQuery'], 'cursor'>): AsyncIterable<UploadRecord>;
    cancel(uploadId: string): Promise<UploadRecord>;
    events(uploadId: string): Promise<Timeline>;
  };
  /** Makes what was given up due again; returns how much that is. */
  readonly replay: {
    upload(uploadId: string, only?: { eventId?: string; endpoint?: string }): Promise<number>;
    deliveries(only?: Omit<Schemas['ReplayRequest'], 'limit' | 'cursor'>): Promise<number>;
    item(item: Pick<DeadItem, 'kind' | 'id'>): Promise<number>;
  };
  /** What was given up, latest first. */
  readonly dead: {
    deliveries(): AsyncIterable<DeadDelivery>;
    items(): AsyncIterable<DeadItem>;
  };
  readonly endpoints: {
    list(): Promise<readonly Endpoint[]>;
    resume(endpoint: string): Promise<Endpoint>;
  };
}

/** Creates the calls of the service for a server. @throws {TypeError} without an endpoint or a token. */
export function createVodApi(options: VodApiOptions): VodApi {
  const { endpoint, token }: Partial<VodApiOptions> = Object(options);
  if (endpoint === undefined || token === undefined) {
    throw new TypeError('createVodApi() needs { endpoint: "https://…", token }.');
  }
  const client = connect(endpoint, token);
  return {
    ...createPulls(client),
    uploads: createUploads(client),
    replay: createReplay(client),
    dead: {
      deliveries: () =>
        listAll((query) => client.GET('/uploads/dead-deliveries', { params: { query } })),
      items: () => listAll((query) => client.GET('/uploads/dead-items', { params: { query } })),
    },
    endpoints: {
      list: async () => (await read(client.GET('/uploads/endpoints'))).items,
      resume: (name) =>
        read(
          client.POST('/uploads/endpoints/{endpoint}/resume', {
            params: { path: { endpoint: name } },
          }),
        ),
    },
  };
}

type Client = ReturnType<typeof createClient<paths>>;

/** Any address will do: the path alone is replaced with that of the function. */
const BASE = 'http://service';

function connect(endpoint: string | ApiEndpoints, token: Token): Client {
  const call = createBackend(token);
  const base = typeof endpoint === 'string' ? endpoint.replace(/\/$/, '') : '';
  const { pull, uploads } =
    typeof endpoint === 'string' ? { pull: `${base}/pull`, uploads: `${base}/uploads` } : endpoint;
  return createClient<paths>({
    baseUrl: BASE,
    async fetch(request) {
      const path = request.url.slice(BASE.length);
      const url = path.startsWith('/pull') ? pull : uploads + path.slice('/uploads'.length);
      const body = await request.text();
      const key = request.headers.get('idempotency-key');
      return call(url, {
        method: request.method,
        ...(body !== '' && { body }),
        ...(key !== null && { headers: { 'Idempotency-Key': key } }),
      });
    },
  });
}

function createPulls(client: Client): Pick<VodApi, 'pull' | 'pullAll'> {
  const send = (body: PullRequest | { items: PullRequest[] }) => {
    const isKeyed = 'idempotencyKey' in body && body.idempotencyKey !== undefined;
    const header = isKeyed ? {} : { 'Idempotency-Key': crypto.randomUUID() };
    return read(client.POST('/pull', { params: { header }, body }));
  };
  return {
    pull: async (request) => (await send(request)) as Pull,
    pullAll: async (requests) =>
      ((await send({ items: [...requests] })) as { items: readonly PullItem[] }).items,
  };
}

function createUploads(client: Client): VodApi['uploads'] {
  const at = (uploadId: string) => ({ params: { path: { uploadId } } });
  return {
    get: (uploadId) => read(client.GET('/uploads/{uploadId}', at(uploadId))),
    list: (query) =>
      listAll((page) => client.GET('/uploads', { params: { query: { ...query, ...page } } })),
    cancel: (uploadId) => read(client.DELETE('/uploads/{uploadId}', at(uploadId))),
    events: (uploadId) => read(client.GET('/uploads/{uploadId}/events', at(uploadId))),
  };
}

function createReplay(client: Client): VodApi['replay'] {
  return {
    async upload(uploadId, only = {}) {
      const params = { path: { uploadId } };
      const { replayed } = await read(
        client.POST('/uploads/{uploadId}/replay', { params, body: only }),
      );
      return replayed;
    },
    async deliveries(only = {}) {
      let sum = 0;
      let cursor: string | undefined;
      do {
        const body = { ...only, ...(cursor !== undefined && { cursor }) };
        const page = await read(client.POST('/uploads/dead-deliveries/replay', { body }));
        sum += page.replayed;
        cursor = page.cursor;
      } while (cursor !== undefined);
      return sum;
    },
    async item({ kind, id }) {
      const body = { kind, id };
      return (await read(client.POST('/uploads/dead-items/replay', { body }))).replayed;
    },
  };
}

/** Refusals have thrown before. */
async function read<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
}

async function* listAll<T>(
  readPage: (query: { cursor?: string }) => Promise<{ data?: Page<T> }>,
): AsyncGenerator<T, void, void> {
  let cursor: string | undefined;
  do {
    const page = await read(readPage(cursor === undefined ? {} : { cursor }));
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
