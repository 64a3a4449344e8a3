import { createHash, createHmac, hash, randomInt, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPullRoute } from '../../functions/pull.ts';
import { createSignatureRoute } from '../../functions/signature.ts';
import { readPullConfig } from '../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { httpHandler, type Route } from '../../lib/runtime/http-handler.ts';
import { clock, random } from '../../lib/system.ts';
import { captureLog } from '../support/capture-log.ts';
import { EVENT_SHAPES, SCF_CONTEXT } from '../support/http-events.ts';
import { settingsOf } from '../support/settings.ts';
import { TEST_JWT_SECRET } from '../support/tokens.ts';
import { useLedger } from '../support/use-ledger.ts';

const [OWN, ACME, GLOBEX] = [1_500_000_001, 1_500_000_002, 1_500_000_003];
const SECRET_KEY = 'secret-key-example';
const KEY = 'acme-server-key-0123456789';
const ENVIRONMENT = {
  AUTH_JWT_SECRET: TEST_JWT_SECRET,
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: SECRET_KEY,
  VOD_SUB_APP_ID: String(OWN),
};
const apiKey = (name: string, text: string) => ({
  name,
  sha256: createHash('sha256').update(text).digest('hex'),
  scopes: ['upload:sign', 'upload:pull'],
});
const SETTINGS = settingsOf({
  keys: [{ ...apiKey('server', KEY), tenant: 'acme' }, apiKey('nobodys', `nobody-${KEY}`)],
  policy: { tenants: { claim: 'org', subAppIds: { acme: ACME, globex: GLOBEX, house: OWN } } },
});

const { ledger } = useLedger();
const log = captureLog();
/** Calls of VOD's API: each with the application that it was about. */
let called: { action: string; subAppId: number | undefined }[];

beforeEach(() => {
  called = [];
});

const chance = { now: Date.now, random: randomInt, randomKey: randomUUID };

function openSignature(withLedger = true): Route {
  const config = readSignatureConfig(ENVIRONMENT);
  const reach = withLedger ? { ledger: <T>(work: (l: Ledger) => Promise<T>) => work(ledger) } : {};
  return createSignatureRoute({ config, settings: SETTINGS, clock, random, ...reach });
}

/** VOD has only Seoul opened for acme, and only Tokyo for globex. */
function openPull(withLedger = true): Route {
  const reach = withLedger ? { ledger: <T>(work: (l: Ledger) => Promise<T>) => work(ledger) } : {};
  return createPullRoute({
    ...{ config: readPullConfig(ENVIRONMENT), settings: SETTINGS, ...chance, ...reach },
    api: {
      pullUpload: async (_request, { subAppId } = {}) => {
        called.push({ action: 'PullUpload', subAppId });
        return { kind: 'accepted', taskId: `task-${called.length}`, requestId: 'r' };
      },
      describeStorageRegions: async ({ subAppId } = {}) => {
        called.push({ action: 'DescribeStorageRegions', subAppId });
        const Region = subAppId === ACME ? 'ap-seoul' : 'ap-tokyo';
        return { StorageRegionInfos: [{ Region, Status: 'opened' }] };
      },
    },
  });
}

function serve(route: Route) {
  const handler = httpHandler('test', ['POST'], () => ({ corsOrigins: [], route }));
  return async (body: object, bearer: string) => {
    const headers = { authorization: `Bearer ${bearer}` };
    const event = EVENT_SHAPES[0]?.toEvent({ headers, body });
    const patient = { ...SCF_CONTEXT, getRemainingTimeInMillis: () => 60_000 };
    const response = await handler(event, patient);
    return { status: response.statusCode, json: JSON.parse(response.body) };
  };
}

function mint(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + 600;
  return new SignJWT({ sub: 'ann', scope: 'upload:sign upload:pull', exp, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(TEST_JWT_SECRET));
}

/** Reads a signature as VOD would. */
function verify(signature: string): Record<string, string> {
  const bytes = Buffer.from(signature, 'base64');
  const original = bytes.subarray(20);
  expect(bytes.subarray(0, 20)).toEqual(createHmac('sha1', SECRET_KEY).update(original).digest());
  return Object.fromEntries(new URLSearchParams(original.toString()));
}

const MEDIA = 'https://media.example.com/film.mp4';
const refusal = {
  status: 403,
  code: 'policy_denied',
  errors: [{ path: 'org', rule: 'tenants', message: 'must name a tenant of this service' }],
};

describe.each([
  ['with a ledger', true],
  ['without a ledger', false],
])('POST /signature of tenants, %s', (_, withLedger) => {
  it('signs for the application of the caller’s tenant', async () => {
    const ask = serve(openSignature(withLedger));

    const { json: acme } = await ask({}, await mint({ org: 'acme' }));
    const { json: globex } = await ask({}, await mint({ org: 'globex' }));
    const { json: house } = await ask({}, await mint({ org: 'house' }));
    const { json: server } = await ask({}, KEY);

    expect(
      [acme, globex, house, server].map(({ signature }) => verify(signature)['vodSubAppId']),
    ).toEqual([ACME, GLOBEX, OWN, ACME].map(String));
    expect(log.text).toContain(`"subAppId":${GLOBEX}`);
    const kept = withLedger ? await ledger.findUpload(globex.uploadId) : undefined;
    expect(kept?.subAppId).toBe(withLedger ? GLOBEX : undefined);
  });

  it.each([
    ['no tenant', {}],
    ['an unknown one', { org: 'initech' }],
    ['a list', { org: ['acme'] }],
    ['the name of a method', { org: 'constructor' }],
    ['one in another claim', { tenant: 'acme' }],
  ])('refuses a token that names %s', async (_what, claims) => {
    const ask = serve(openSignature(withLedger));

    expect((await ask({}, await mint(claims))).json).toMatchObject(refusal);
  });

  it('refuses a key that is no tenant’s', async () => {
    const ask = serve(openSignature(withLedger));

    expect((await ask({}, `nobody-${KEY}`)).json).toMatchObject(refusal);
  });

  it('continues an upload for the same owner and tenant alone', async () => {
    const ask = serve(openSignature(withLedger));
    const { json } = await ask({}, await mint({ org: 'acme' }));
    const { uploadId } = json;

    expect(await ask({ uploadId }, await mint({ org: 'acme' }))).toMatchObject({ status: 200 });
    expect((await ask({ uploadId }, await mint({ org: 'globex' }))).json).toMatchObject({
      status: 400,
      errors: [{ path: 'uploadId' }],
    });
  });
});

describe.each([
  ['with a ledger', true],
  ['without a ledger', false],
])('POST /pull of tenants, %s', (_, withLedger) => {
  it('pulls into the application of the caller’s tenant, whose regions they are', async () => {
    const ask = serve(openPull(withLedger));
    const request = { mediaUrl: MEDIA, storageRegion: 'ap-seoul' };

    const acme = await ask(request, await mint({ org: 'acme' }));
    const globex = await ask(request, await mint({ org: 'globex' }));
    const many = await ask({ items: [request, { mediaUrl: MEDIA }] }, KEY);

    expect(acme.status).toBe(202);
    expect(globex.json).toMatchObject({ status: 400, errors: [{ path: 'storageRegion' }] });
    expect(many.json.items).toMatchObject([
      { taskId: expect.any(String) },
      { taskId: expect.any(String) },
    ]);
    expect(called.filter(({ action }) => action === 'PullUpload')).toEqual(
      Array.from({ length: 3 }, () => ({ action: 'PullUpload', subAppId: ACME })),
    );
    // Each application is asked about once.
    expect(called.filter(({ action }) => action !== 'PullUpload')).toEqual(
      [ACME, GLOBEX].map((subAppId) => ({ action: 'DescribeStorageRegions', subAppId })),
    );
  });

  it('pulls nothing for nobody’s', async () => {
    const ask = serve(openPull(withLedger));

    expect((await ask({ mediaUrl: MEDIA }, await mint({}))).json).toMatchObject(refusal);
    expect(called).toEqual([]);
  });

  it('does not answer one tenant’s upload to another one’s key', async () => {
    const ask = serve(openPull(withLedger));
    const request = { mediaUrl: MEDIA, idempotencyKey: 'order-1' };

    const first = await ask(request, await mint({ org: 'acme' }));
    const again = await ask(request, await mint({ org: 'acme' }));
    const other = await ask(request, await mint({ org: 'globex' }));

    expect(again.json.uploadId).toBe(first.json.uploadId);
    expect(other.json.uploadId).not.toBe(first.json.uploadId);
  });
});

it('keeps the application with what waits for its turn', async () => {
  const ask = serve(openPull());
  const items = Array.from({ length: 25 }, (_, i) => ({ mediaUrl: `${MEDIA}?${i}` }));

  await ask({ items }, await mint({ org: 'globex' }));

  const waiting = await ledger.claimPulls(99, 60);
  expect(waiting.length).toBeGreaterThan(0);
  expect(new Set(waiting.map(({ subAppId }) => subAppId))).toEqual(new Set([GLOBEX]));
});

it('keeps it too with what was remembered and never sent', async () => {
  const ask = serve(openPull());
  const request = { mediaUrl: MEDIA, idempotencyKey: 'order-1' };
  const uploadId = '01ARYZ6S410000000000000000';
  const { idempotencyKey: key, ...asked } = request;
  const fingerprint = hash(
    'sha256',
    JSON.stringify({ mediaType: 'mp4', mediaUrl: asked.mediaUrl }),
    'base64',
  );
  await ledger.rememberRequest({ owner: 'ann', key, fingerprint, uploadId });

  const { json } = await ask(request, await mint({ org: 'globex' }));

  expect(json).toEqual({ uploadId, state: 'issued' });
  expect(await ledger.claimPulls(9, 60)).toMatchObject([{ uploadId, subAppId: GLOBEX }]);
});

describe('a service without an application of its own', () => {
  const { VOD_SUB_APP_ID: _own, ...nameless } = ENVIRONMENT;
  const known = { settings: SETTINGS, ...chance };
  const api = {
    pullUpload: () => Promise.reject(),
    describeStorageRegions: () => Promise.reject(),
  };

  it.each([
    [
      'signs',
      () =>
        createSignatureRoute({
          config: readSignatureConfig(nameless),
          settings: SETTINGS,
          clock,
          random,
        }),
    ],
    ['pulls', () => createPullRoute({ config: readPullConfig(nameless), api, ...known })],
  ])('%s for no tenant', (_, open) => {
    expect(open).toThrow(/VOD_SUB_APP_ID must be set where there are tenants/);
  });
});
