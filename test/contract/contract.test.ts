import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { OPERATIONS } from '../../tools/openapi/document.ts';
import type { Operation } from '../../tools/openapi/operation.ts';
import { captureLog } from '../support/capture-log.ts';
import type { TestRequest } from '../support/http-events.ts';
import { readSize } from '../support/read-size.ts';
import { bearer } from '../support/tokens.ts';
import { useLedger } from '../support/use-ledger.ts';
import { type Answered, findUndocumented, namedFields } from './check-answer.ts';
import { allowed, forbidden, type Issued, type Made, spoiledBatches } from './requests.ts';
import { fillLedger, OWNER, openFunctions, RUN_IDS } from './stage.ts';

/** Requests for each route: 2,000, in CI 20,000, and 200,000 in full, where the other fuzz sends 5,000, 50,000 and more. */
const COUNT = readSize('FUZZ', { small: 5_000, full: 500_000 }) / 2.5;

/**
 * Share of the requests that the document allows; they cost more, since the ledger works for them. Those of a route
 * without fields are all allowed, and differ in little, so that this share of them is sent too.
 */
const ALLOWED = 0.2;

const DAY = 86_400_000;

const SCOPES = 'upload:sign upload:pull upload:read upload:cancel upload:admin';

const database = useLedger({ per: 'file', targets: [{ id: 'orders', events: ['*'] }] });
const log = captureLog();
let functions: ReturnType<typeof openFunctions>;
let authorization: string;
let issued: Issued;
let calls = 0;

beforeAll(async () => {
  await fillLedger(database.ledger);
  functions = openFunctions(database.ledger, database.open({ targets: [] }));
  // It is valid for longer than all requests of a full run take.
  ({ authorization } = await bearer(OWNER, SCOPES, Date.now() + DAY));
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => functions.signature({ headers: { authorization } })),
  );
  issued = answers.map(({ json }) => json.uploadId);
});

/** Sends a request as a trigger does. */
async function send({ method, path }: Operation, made: Made, credentials = authorization) {
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name) => made.path[name] ?? '');
  const request: TestRequest = {
    ...{ method: method.toUpperCase(), path: place, query: made.query },
    headers: { ...made.headers, authorization: credentials },
    body: made.body === undefined ? '' : JSON.stringify(made.body),
  };
  calls += 1;
  if (calls % 1_000 === 0) log.clear();
  return functions[functionOf({ path }) as keyof typeof functions](request);
}

/** Makes deliveries dead again, which replays have made pending. */
async function kill() {
  if (calls % 50 !== 0) return;
  await database.sql`update deliveries set state = 'dead', last_error = 'http_500', attempts = 3
    where event_id = any (array(select event_id from deliveries where state = 'pending' limit 50))`;
}

/** Keeps the open run small, to which requests add items: a list of all of them would cost more with each. */
async function shorten() {
  if (calls % 50 !== 0) return;
  await database.sql`delete from pull_run_items where run_id = ${RUN_IDS.open} and source_id not in (
    select source_id from pull_run_items where run_id = ${RUN_IDS.open} order by added_at, source_id limit 40)`;
}

const NOTHING: Made = { path: {}, query: {}, headers: {}, body: undefined };

/** Throws an error that shows the answer; `expect` would cost more than the request. */
function fail(flaws: readonly string[], { statusCode, json }: Answered): never {
  throw new Error([...flaws, statusCode, JSON.stringify(json)].join('\n'));
}

const routes = OPERATIONS.filter(({ path }) => path !== '/callback');
const bounded = routes.filter(({ body, query }) => body !== undefined || query !== undefined);

/** Statuses that the document allows only to requests that are wrong. */
const REFUSED = 400;

describe.each(routes)('$method $path', (operation) => {
  it('accepts what the document allows, and answers as it says', {
    timeout: 3_600_000,
  }, async () => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(allowed(operation, issued), async (made) => {
        if (operation.path.endsWith('replay') || operation.path.includes('dead')) await kill();
        if (operation.id === 'addRunItems') await shorten();
        const answer = await send(operation, made);
        statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
        const flaws = findUndocumented(operation, answer);
        if (flaws.length > 0 || answer.statusCode === REFUSED) fail(flaws, answer);
      }),
      { numRuns: Math.ceil(COUNT * ALLOWED) },
    );

    // Most of them did what the route is for.
    expect(statuses.get(operation.status) ?? 0).toBeGreaterThan((COUNT * ALLOWED) / 10);
  });
});

describe.each(bounded)('$method $path', (operation) => {
  it('refuses what the document forbids, and names the field', { timeout: 3_600_000 }, async () => {
    const wrong = forbidden(operation, issued) ?? fc.constant(undefined);
    await fc.assert(
      fc.asyncProperty(wrong, async (made) => {
        if (made === undefined) return;
        const answer = await send(operation, made);
        const flaws = findUndocumented(operation, answer);
        const isNamed = namedFields(answer.json).includes(made.wrong ?? '');
        if (flaws.length > 0 || answer.statusCode !== REFUSED || !isNamed) fail(flaws, answer);
      }),
      { numRuns: Math.ceil(COUNT * (1 - ALLOWED)) },
    );
  });
});

const batches = routes.filter(({ id }) => id === 'createPull' || id === 'addRunItems');

describe.each(batches)('$method $path', (operation) => {
  it('refuses the wrong item of a batch, and no other', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(spoiledBatches(operation), async ({ items, place, wrong }) => {
        const answer = await send(operation, {
          ...NOTHING,
          path: { runId: RUN_IDS.open },
          body: { items },
        });
        const results: readonly unknown[] = answer.json.items ?? [];
        const isRefused = (result: unknown) =>
          namedFields(Reflect.get(Object(result), 'problem')).length > 0;
        const named = namedFields(Reflect.get(Object(results[place]), 'problem'));
        const path = wrong === '' ? `items.${place}` : `items.${place}.${wrong}`;
        const flaws = findUndocumented(operation, answer);
        const isAlone = results.filter(isRefused).length === 1 && results.length === items.length;
        if (flaws.length > 0 || !isAlone || !named.includes(path)) fail(flaws, answer);
      }),
      { numRuns: Math.ceil((COUNT * ALLOWED) / 4) },
    );
  });
});

describe.each(routes)('$method $path', (operation) => {
  const made: Made = {
    ...NOTHING,
    path: { uploadId: '0', endpoint: '0', eventId: '0', runId: '0' },
    body: {},
  };

  it('needs a token with the scope that the document names', async () => {
    const { authorization: all } = await bearer(OWNER, String(operation.scope), Date.now());
    const others = SCOPES.split(' ').filter((scope) => scope !== operation.scope);
    const { authorization: none } = await bearer(OWNER, others.join(' '), Date.now());

    for (const [credentials, statuses] of [
      [all, [200, 202, 204, 400, 404]],
      [none, [403]],
      ['', [401]],
    ] as const) {
      const answer = await send(operation, made, credentials);
      expect(statuses).toContain(answer.statusCode);
      expect(findUndocumented(operation, answer)).toEqual([]);
    }
  });
});

/** Returns the name of the function that answers a path; runs of pulls have none of their own. */
function functionOf({ path }: Pick<Operation, 'path'>) {
  const [, first = ''] = path.split('/');
  return first === 'pulls' ? 'pull' : first;
}

describe.each([...new Set(routes.map(({ path }) => path))])('%s', (path) => {
  it('has the methods of the document, and no other', async () => {
    const own = routes.filter((each) => each.path === path);
    const around = routes.filter((each) => functionOf(each) === functionOf({ path }));
    const others = (['get', 'post', 'put', 'delete'] as const).filter((method) =>
      own.every((each) => each.method !== method),
    );
    const made = { ...NOTHING, path: { uploadId: '0', endpoint: '0', runId: '0' } };

    expect(others.length).toBeGreaterThan(0);
    for (const method of others) {
      for (const operation of own) {
        const answer = await send({ ...operation, method }, made);
        expect(answer.statusCode).toBe(405);
        expect(findUndocumented(operation, answer)).toEqual([]);
        // A method that the function has nowhere is refused before the path is looked at.
        const isKnown = around.some((each) => each.method === method);
        const named = (isKnown ? own : around).flatMap((each) =>
          each.method === 'get' ? ['GET', 'HEAD'] : [each.method.toUpperCase()],
        );
        expect(answer.headers['Allow']?.split(', ').toSorted()).toEqual(
          [...new Set([...named, 'OPTIONS'])].toSorted(),
        );
      }
    }
  });
});
