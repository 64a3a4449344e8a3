import { createHash, hash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSignatureRoute } from '../../functions/signature.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import type { WithLedger } from '../../lib/ledger/lazy-ledger.ts';
import { clock, random } from '../../lib/system.ts';
import { captureLog } from '../support/capture-log.ts';
import { askRoute } from '../support/http-events.ts';
import { readSignature } from '../support/read-signature.ts';
import { settingsOf } from '../support/settings.ts';
import { mintToken, TEST_JWT_SECRET } from '../support/tokens.ts';
import { useLedger } from '../support/use-ledger.ts';
import { accept, openPull } from './pull-stage.ts';

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
/** Calls of VOD's API, each with its application. */
let called: { action: string; subAppId: number | undefined }[];

beforeEach(() => {
  called = [];
});

const reach = (withLedger: boolean): { readonly ledger?: WithLedger } =>
  withLedger ? { ledger: (work) => work(ledger) } : {};

/** Sends a request with a token or with a key. */
type AskAs = (body: object, bearer: string) => ReturnType<ReturnType<typeof askRoute>>;

const askAs =
  (ask: ReturnType<typeof askRoute>): AskAs =>
  (body, bearer) =>
    ask({ headers: { authorization: `Bearer ${bearer}` }, body });

function openSignature(withLedger: boolean): AskAs {
  const config = readSignatureConfig(ENVIRONMENT);
  const sources = { clock, random, ...reach(withLedger) };
  return askAs(
    askRoute('signature', createSignatureRoute({ config, settings: SETTINGS, ...sources })),
  );
}

/** VOD has only Seoul enabled for acme, and only Tokyo for globex. */
function openPulls(withLedger = true): AskAs {
  const ask = openPull({
    ...{ environment: { AUTH: 'jwt', ...ENVIRONMENT }, settings: SETTINGS, clock: Date },
    ...reach(withLedger),
    api: {
      pullUpload: (request, { subAppId } = {}) => {
        called.push({ action: 'PullUpload', subAppId });
        return accept(request);
      },
      describeStorageRegions: async ({ subAppId } = {}) => {
        called.push({ action: 'DescribeStorageRegions', subAppId });
        const Region = subAppId === ACME ? 'ap-seoul' : 'ap-tokyo';
        return { StorageRegionInfos: [{ Region, Status: 'opened' }] };
      },
    },
  });
  return askAs(ask);
}

const mint = (claims: Readonly<Record<string, unknown>>) =>
  mintToken({
    ...{ sub: 'ann', scope: 'upload:sign upload:pull' },
    ...{ exp: Math.floor(Date.now() / 1_000) + 600, ...claims },
  });

const MEDIA = 'https://media.example.com/film.mp4';
const refusal = {
  status: 403,
  code: 'policy_denied',
  errors: [{ path: 'org', rule: 'tenants', message: 'must name a tenant of this service' }],
};

describe.each([
  ['with a ledger', true],
  ['without a ledger', false],
])('POST /signature with tenants, %s', (_, withLedger) => {
  it("signs for the application of the caller's tenant", async () => {
    const ask = openSignature(withLedger);

    const { json: acme } = await ask({}, await mint({ org: 'acme' }));
    const { json: globex } = await ask({}, await mint({ org: 'globex' }));
    const { json: house } = await ask({}, await mint({ org: 'house' }));
    const { json: server } = await ask({}, KEY);

    expect(
      [acme, globex, house, server].map(
        ({ signature }) => readSignature(signature, SECRET_KEY)['vodSubAppId'],
      ),
    ).toEqual([ACME, GLOBEX, OWN, ACME].map(String));
    expect(log.text).toContain(`"subAppId":${GLOBEX}`);
    const kept = withLedger ? await ledger.findUpload(globex.uploadId) : undefined;
    expect(kept?.subAppId).toBe(withLedger ? GLOBEX : undefined);
  });

  it.each([
    ['nothing', {}],
    ['an unknown name', { org: 'initech' }],
    ['a list of other names', { org: ['initech', 'umbrella'] }],
    ['the name of a method', { org: 'constructor' }],
    ['a name in another claim', { tenant: 'acme' }],
  ])('refuses a token with %s as its tenant', async (_what, claims) => {
    const ask = openSignature(withLedger);

    expect((await ask({}, await mint(claims))).json).toMatchObject(refusal);
  });

  it('refuses a token that names two of its tenants', async () => {
    const ask = openSignature(withLedger);

    const { json } = await ask({}, await mint({ org: ['acme', 'globex'] }));

    const message = 'must name only one tenant of this service';
    expect(json).toMatchObject({ ...refusal, errors: [{ path: 'org', rule: 'tenants', message }] });
  });

  it('refuses a key that belongs to no tenant', async () => {
    const ask = openSignature(withLedger);

    expect((await ask({}, `nobody-${KEY}`)).json).toMatchObject(refusal);
  });

  it('continues an upload for the same owner and tenant only', async () => {
    const ask = openSignature(withLedger);
    const { json } = await ask({}, await mint({ org: 'acme' }));
    const { uploadId } = json;

    expect(await ask({ uploadId }, await mint({ org: 'acme' }))).toMatchObject({ statusCode: 200 });
    expect((await ask({ uploadId }, await mint({ org: 'globex' }))).json).toMatchObject({
      status: 400,
      errors: [{ path: 'uploadId' }],
    });
  });
});

describe.each([
  ['with a ledger', true],
  ['without a ledger', false],
])('POST /pull with tenants, %s', (_, withLedger) => {
  it("pulls into the application of the caller's tenant, with its regions", async () => {
    const ask = openPulls(withLedger);
    const request = { mediaUrl: MEDIA, storageRegion: 'ap-seoul' };

    const acme = await ask(request, await mint({ org: 'acme' }));
    const globex = await ask(request, await mint({ org: 'globex' }));
    const many = await ask({ items: [request, { mediaUrl: MEDIA }] }, KEY);

    expect(acme.statusCode).toBe(202);
    expect(globex.json).toMatchObject({ status: 400, errors: [{ path: 'storageRegion' }] });
    expect(many.json.items).toMatchObject([
      { taskId: expect.any(String) },
      { taskId: expect.any(String) },
    ]);
    expect(called.filter(({ action }) => action === 'PullUpload')).toEqual(
      Array.from({ length: 3 }, () => ({ action: 'PullUpload', subAppId: ACME })),
    );
    // The regions of each application are fetched once.
    expect(called.filter(({ action }) => action !== 'PullUpload')).toEqual(
      [ACME, GLOBEX].map((subAppId) => ({ action: 'DescribeStorageRegions', subAppId })),
    );
  });

  it('pulls nothing for a caller without a tenant', async () => {
    const ask = openPulls(withLedger);

    expect((await ask({ mediaUrl: MEDIA }, await mint({}))).json).toMatchObject(refusal);
    expect(called).toEqual([]);
  });

  it('does not return the upload of one tenant for the key of another', async () => {
    const ask = openPulls(withLedger);
    const request = { mediaUrl: MEDIA, idempotencyKey: 'order-1' };

    const first = await ask(request, await mint({ org: 'acme' }));
    const again = await ask(request, await mint({ org: 'acme' }));
    const other = await ask(request, await mint({ org: 'globex' }));

    expect(again.json.uploadId).toBe(first.json.uploadId);
    expect(other.json.uploadId).not.toBe(first.json.uploadId);
  });
});

it('a queued pull keeps its application', async () => {
  const ask = openPulls();
  const items = Array.from({ length: 25 }, (_, i) => ({ mediaUrl: `${MEDIA}?${i}` }));

  await ask({ items }, await mint({ org: 'globex' }));

  const waiting = await ledger.claimPulls(99, 60);
  expect(waiting.length).toBeGreaterThan(0);
  expect(new Set(waiting.map(({ subAppId }) => subAppId))).toEqual(new Set([GLOBEX]));
});

it('a pull whose key was recorded but that was never sent keeps its application', async () => {
  const ask = openPulls();
  const request = { mediaUrl: MEDIA, idempotencyKey: 'order-1' };
  const uploadId = '01ARYZ6S410000000000000000';
  const { idempotencyKey: key, ...asked } = request;
  const fingerprint = hash(
    'sha256',
    JSON.stringify({ mediaType: 'mp4', mediaUrl: asked.mediaUrl }),
    'base64',
  );
  await ledger.rememberRequest({ owner: `${GLOBEX}:ann`, key, fingerprint, uploadId });

  const { json } = await ask(request, await mint({ org: 'globex' }));

  expect(json).toEqual({ uploadId, state: 'issued' });
  expect(await ledger.claimPulls(9, 60)).toMatchObject([{ uploadId, subAppId: GLOBEX }]);
});

describe('a service with tenants and without an application of its own', () => {
  const { VOD_SUB_APP_ID: _own, ...nameless } = ENVIRONMENT;

  it.each([
    [
      'signs',
      () =>
        createSignatureRoute({
          ...{ config: readSignatureConfig(nameless), settings: SETTINGS, clock, random },
        }),
    ],
    ['pulls', () => openPull({ environment: { AUTH: 'jwt', ...nameless }, settings: SETTINGS })],
  ])('%s for no tenant', (_, open) => {
    expect(open).toThrow(/VOD_SUB_APP_ID must be set where there are tenants/);
  });
});
