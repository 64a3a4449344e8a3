import fc, { type Arbitrary } from 'fast-check';
import { writeCursor } from '../../lib/ledger/page.ts';
import { ITEM_KINDS } from '../../lib/model/item-name.ts';
import type { JsonSchema } from '../../tools/openapi/json-schema.ts';
import type { Operation } from '../../tools/openapi/operation.ts';
import { type Chosen, generate, resolve } from './generate.ts';
import { spoil, spoilQuery } from './mutate.ts';
import { OPENED, RUN_IDS, UPLOAD_IDS } from './stage.ts';

/** A request of the contract's tests. */
export interface Made {
  /** By the names in the path. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Path of the only field that is wrong; missing if none is. */
  readonly wrong?: string;
}

/** Ids of uploads that the function issued to the caller. */
export type Issued = readonly string[];

const orNull = (values: Arbitrary<unknown>) => fc.option(values, { nil: null, freq: 9 });
const short = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });

const mediaUrl = fc
  .tuple(
    fc.constantFrom('http://media.example.com', 'https://a.b.example.org', 'https://8.8.8.8'),
    fc.stringMatching(/^(?:\/[\w-]{1,8}){1,3}$/),
    fc.constantFrom('.mp4', '.MOV', '.m3u8', '.mp3'),
    fc.constantFrom('', '?token=a%20b', '?'),
  )
  .map((parts) => parts.join(''));

const cursor = (ids: number) =>
  fc.nat().map((time) => writeCursor([time, ...Array.from({ length: ids }, () => 'id')]));

/**
 * Values of the fields of which the document says more in words than in schemas: what is in the future, belongs to the
 * caller, is opened, is public, or fits into the envelope.
 */
function choose(operation: Operation, issued: Issued): Chosen {
  const region = orNull(fc.constantFrom(...OPENED));
  const ofUploads = operation.path === '/uploads';
  return {
    uploadId: orNull(fc.constantFrom(...issued)),
    storageRegion: region,
    sourceContext: orNull(short),
    mediaUrl,
    mediaType: orNull(fc.constantFrom('mp4', 'MOV', 'm3u8')),
    coverUrl: orNull(fc.constantFrom('https://media.example.com/a.png', 'http://example.org/a')),
    mediaStoragePath: orNull(fc.stringMatching(/^\/[ -~가-힣]{0,40}$/)),
    ...(operation.id === 'listMessages' ? FEED : {}),
    ...(operation.method === 'get' ? { cursor: cursor(ofUploads ? 1 : 2) } : {}),
    ...(operation.id === 'replayDeadDeliveries' ? { cursor: orNull(cursor(2)) } : {}),
    ...(operation.id === 'replayDeadItem' ? DEAD_ITEM : {}),
    ...(operation.path.startsWith('/pulls/runs') ? OF_RUNS : {}),
    ...(operation.id === 'addRunItems' ? { id: short } : {}),
    ...(ofUploads ? { owner: fc.constantFrom('ann', 'bob', 'nobody', '가') } : {}),
  };
}

/** Cursors of lists and of steps have the same form; names repeat. */
const OF_RUNS: Chosen = {
  cursor: cursor(1),
  name: fc.oneof(
    fc.constantFrom('open', 'library', '가'),
    fc.string({ minLength: 1, maxLength: 40 }),
    fc.constantFrom('a'.repeat(200)),
  ),
};

/** Nothing is waited for, and no cursor is ahead of the database. */
const FEED: Chosen = {
  after: fc.nat({ max: 500 }).map((transaction) => writeCursor([transaction, 'evt', ''])),
  types: fc.constantFrom('*', 'upload.*', 'upload.ready,vod.FileDeleted', 'vod.New*'),
  wait: fc.constant(0),
};

const DEAD_ITEM: Chosen = {
  kind: fc.constantFrom(...ITEM_KINDS),
  id: fc.oneof(
    fc.constantFrom(...UPLOAD_IDS),
    short.map((text) => text.replaceAll('\0', 'x')),
  ),
};

const PATH: Readonly<Record<string, Arbitrary<string>>> = {
  uploadId: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...UPLOAD_IDS) },
    fc.constantFrom('01ARYZ6S410000000000000000', '0', 'constructor'),
  ),
  eventId: fc.constantFrom(...UPLOAD_IDS.map((id) => `evt_${id}_issued`), 'evt_nothing', 'é'),
  endpoint: fc.constantFrom('orders', 'nobody', '%F0%9F'),
};

/** Returns the ids in a path. What ends a run, or attempts its items again, is sent to a run of its own. */
function choosePath({ id, path }: Operation): Arbitrary<Readonly<Record<string, string>>> {
  const names = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = '']) => name);
  const { [id]: runId = RUN_IDS.open } = RUNS_OF;
  const known = { ...PATH, runId: fc.constant(runId) };
  const values = names.map((name) => [name, Reflect.get(known, name) ?? short]);
  return fc.record(Object.fromEntries(values));
}

const RUNS_OF: Readonly<Record<string, string>> = {
  ...{ retryRun: RUN_IDS.retried, cancelRun: RUN_IDS.ended, undoRun: RUN_IDS.ended },
};

/** Returns requests that the document allows. */
export function allowed(operation: Operation, issued: Issued): Arbitrary<Made> {
  const { body, query, headers = [] } = operation;
  const chosen = choose(operation, issued);
  const noBody = fc.constant(undefined);
  const made = fc.record({
    path: choosePath(operation),
    query: allowedQuery(query ?? {}, chosen),
    headers: fc.record(
      {
        ...(headers.includes('Idempotency-Key')
          ? { 'idempotency-key': fc.stringMatching(/^[\x21-\x7e]{1,255}$/) }
          : {}),
        ...(headers.includes('If-None-Match')
          ? { 'if-none-match': fc.constantFrom('*', '"none"', 'W/"none", "other"', ',') }
          : {}),
      },
      { requiredKeys: [] },
    ),
    body: body === undefined ? noBody : allowedBody(body, chosen),
  });
  // A key in the body would have to be the same as that of the header.
  const hasKey = (value: unknown) => 'idempotencyKey' in Object(value);
  return made.map((each) => (hasKey(each.body) ? { ...each, headers: {} } : each));
}

function allowedQuery(query: Readonly<Record<string, JsonSchema>>, chosen: Chosen) {
  const fields = Object.entries(query).map(([name, schema]) => {
    const { [name]: own } = chosen;
    return [name, (own ?? generate(schema)).map(String)];
  });
  return fc.record(Object.fromEntries(fields), { requiredKeys: [], noNullPrototype: true });
}

function allowedBody(
  { schema, optional }: NonNullable<Operation['body']>,
  chosen: Chosen,
): Arbitrary<unknown> {
  const bodies = generate(schema, chosen).map(agree);
  return optional === true ? fc.option(bodies, { nil: undefined, freq: 20 }) : bodies;
}

/** Returns a body whose pulls do not contradict themselves: their own limits allow the type of their media. */
function agree(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { items, mediaUrl, mediaType, limits, ...rest }: Readonly<Record<string, unknown>> = {
    ...body,
  };
  if (Array.isArray(items)) return { ...body, items: items.map(agree) };
  if (typeof mediaUrl !== 'string') return body;
  const types: unknown = Reflect.get(Object(limits), 'mediaTypes');
  const own = mediaType ?? new URL(mediaUrl).pathname.split('.').at(-1);
  const bounded = Array.isArray(types)
    ? { ...Object(limits), mediaTypes: [...types, own] }
    : limits;
  return {
    ...{ ...rest, mediaUrl },
    ...('mediaType' in body ? { mediaType } : {}),
    ...('limits' in body ? { limits: bounded } : {}),
  };
}

const WRONG_KEY = fc.constantFrom('', ' ', 'a b', 'a'.repeat(256), 'ä', '\u0000');

/** Returns requests that the document forbids in one place; undefined if it allows everything. */
export function forbidden(operation: Operation, issued: Issued): Arbitrary<Made> | undefined {
  const { body, query } = operation;
  const requests = allowed(operation, issued);
  if (body !== undefined) {
    const [form = body.schema] = resolve(body.schema).oneOf ?? [];
    const schema = withoutItems(resolve(form));
    const valid = generate(form, choose(operation, issued)).map(agree);
    const bodies = fc
      .tuple(requests, spoil(schema, valid))
      .map(([made, { value, path }]) => ({ ...made, headers: {}, body: value, wrong: path }));
    if (!operation.headers?.includes('Idempotency-Key')) return bodies;
    const keys = fc.tuple(requests, WRONG_KEY).map(([made, key]) => ({
      ...{ ...made, headers: { 'idempotency-key': key }, wrong: 'Idempotency-Key' },
    }));
    return fc.oneof({ weight: 20, arbitrary: bodies }, { weight: 1, arbitrary: keys });
  }
  if (query === undefined) return undefined;
  return fc
    .tuple(
      requests,
      spoilQuery(
        query,
        requests.map((made) => made.query),
      ),
    )
    .map(([made, { value, path }]) => ({ ...made, query: Object(value), wrong: path }));
}

/** Returns the schema of a batch without that of its items, of which a wrong one does not make the request wrong. */
function withoutItems({ properties = {}, ...schema }: JsonSchema): JsonSchema {
  const { items, ...others } = properties;
  if (items === undefined) return { ...schema, properties };
  const { items: _each, ...list } = items;
  return { ...schema, properties: { ...others, items: list } };
}

/** A batch of pulls of which one is wrong. */
export interface SpoiledBatch {
  readonly items: readonly unknown[];
  /** Place of the wrong one. */
  readonly place: number;
  /** Path of what is wrong in it. */
  readonly wrong: string;
}

/** Returns batches in which the document forbids one item, in one place. */
export function spoiledBatches(operation: Operation): Arbitrary<SpoiledBatch> {
  const body = resolve(operation.body?.schema ?? {});
  const [schema = body.properties?.['items']?.items ?? {}] = body.oneOf ?? [];
  const item = generate(schema, choose(operation, ['01ARYZ6S410000000000000000'])).map(agree);
  return fc
    .tuple(fc.array(item, { maxLength: 3 }), fc.nat(), spoil(schema, item))
    .map(([others, number, { value, path }]) => {
      const place = number % (others.length + 1);
      return { items: others.toSpliced(place, 0, value), place, wrong: path };
    });
}
