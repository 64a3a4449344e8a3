import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HttpHandler } from '../../lib/runtime/http-handler.ts';
import { type Bundle, bundleFunctions } from '../../tools/deploy/bundle.ts';
import { captureLog } from '../support/capture-log.ts';
import { askHandler, SCF_CONTEXT } from '../support/http-events.ts';
import { createIssuerKey, type Issuer, issueToken, startIssuer } from '../support/issuer.ts';
import { makeFolder } from '../support/make-folder.ts';
import { readSignature } from '../support/read-signature.ts';
import { decodeContext } from '../support/source-contexts.ts';
import { mintToken, TEST_JWT_SECRET } from '../support/tokens.ts';

const KEY = 'server-key-0123456789';
const SETTINGS = {
  keys: [
    {
      name: 'backend',
      sha256: createHash('sha256').update(KEY).digest('hex'),
      scopes: ['upload:sign', 'upload:server'],
    },
  ],
  policy: {
    profiles: {
      default: {
        classIds: [7, 8],
        maxExpiresIn: 600,
        oneTimeRequired: true,
        maxBytes: 1_000_000,
      },
      server: { maxExpiresIn: 7_200 },
    },
    select: [{ profile: 'server', scope: 'upload:server' }],
  },
};

let bundles: readonly Bundle[];
let folder: string;
const log = captureLog();

beforeAll(async () => {
  bundles = await bundleFunctions();
});

beforeEach(async () => {
  vi.stubEnv('AUTH_JWT_SECRET', TEST_JWT_SECRET);
  vi.stubEnv('VOD_SECRET_ID', 'AKIDexample');
  vi.stubEnv('VOD_SECRET_KEY', 'secret-key-example');
  vi.stubEnv('VOD_SUB_APP_ID', '1500000001');
  folder = await makeFolder();
});

afterEach(() => void vi.unstubAllEnvs());

/** Loads the built function `signature` in a new instance, with only `parts` and the settings in its folder. */
async function load(
  settings: string | object | undefined,
  parts = ['verify-token', 'settings', 'narrow-by-claim', 'bound-signature'],
) {
  for (const { name, code } of bundles) {
    if (name === 'signature' || parts.includes(name)) {
      await writeFile(join(folder, `${name}.js`), code);
    }
  }
  if (settings !== undefined) {
    const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
    await writeFile(join(folder, 'settings.json'), text);
  }
  const file = join(folder, 'signature.js');
  const { main_handler }: { main_handler: HttpHandler } = createRequire(file)(file);
  const ask = askHandler(main_handler);
  return (token: string, body: object = {}) =>
    ask({ headers: { authorization: `Bearer ${token}` }, body }, SCF_CONTEXT);
}

function loadedParts(): readonly string[] {
  return Object.keys(createRequire(join(folder, 'x.js')).cache)
    .filter((file) => file.startsWith(folder))
    .map((file) => file.slice(folder.length + 1, -'.js'.length))
    .sort();
}

const mint = (claims: object = {}) =>
  mintToken({
    ...{ scope: 'upload:sign', sub: 'user-42', exp: Math.floor(Date.now() / 1_000) + 3_600 },
    ...claims,
  });
const verify = (signature: string) => readSignature(signature, 'secret-key-example');

/** Loads the function with this issuer as the only trusted one. */
function loadFor({ keySetUrl }: Issuer) {
  vi.stubEnv('AUTH_JWT_SECRET', undefined);
  vi.stubEnv('AUTH_JWKS_URL', keySetUrl);
  vi.stubEnv('AUTH_JWKS_LOOPBACK', 'allow');
  vi.stubEnv('AUTH_JWT_AUDIENCE', 'vod-upload');
  return load(undefined);
}

/** The answer of a function that cannot serve. */
const BARE_FAULT = {
  type: 'about:blank',
  title: 'Internal Server Error',
  status: 500,
  code: 'internal',
  requestId: SCF_CONTEXT.request_id,
};

describe('the built function signature', () => {
  it('signs a request within the policy', async () => {
    const ask = await load(SETTINGS);

    const { statusCode, json } = await ask(await mint());

    expect(statusCode).toBe(200);
    const { sourceContext = '', expireTime, currentTimeStamp, ...signed } = verify(json.signature);
    expect(signed).toMatchObject({
      classId: '7',
      oneTimeValid: '1',
      vodSubAppId: '1500000001',
    });
    expect(Number(expireTime) - Number(currentTimeStamp)).toBe(600);
    expect(decodeContext(sourceContext, { subAppId: 1_500_000_001 }).envelope?.limits).toEqual({
      maxBytes: 1_000_000,
    });
  });

  it('authenticates a server by its key and selects the profile by its scope', async () => {
    const ask = await load(SETTINGS, ['settings', 'bound-signature']);

    const { json } = await ask(KEY, { classId: 99 });

    const { expireTime, currentTimeStamp, ...signed } = verify(json.signature);
    expect(signed).toMatchObject({ classId: '99', vodSubAppId: '1500000001' });
    expect(Number(expireTime) - Number(currentTimeStamp)).toBe(3_600);
    expect(
      decodeContext(signed['sourceContext'] ?? '', { subAppId: 1_500_000_001 }).envelope?.owner,
    ).toBe('backend');
    expect(loadedParts()).toEqual(['bound-signature', 'settings', 'signature']);
    expect(log.text).not.toContain(KEY);
  });

  it('lists every rule that a denied request breaks', async () => {
    const ask = await load(SETTINGS);

    const { statusCode, headers, json } = await ask(await mint(), {
      classId: 9,
      expiresIn: 601,
      oneTimeValid: false,
      limits: { maxBytes: 1_000_001 },
    });

    expect(statusCode).toBe(403);
    expect(headers['Content-Type']).toBe('application/problem+json; charset=utf-8');
    expect(json).toMatchObject({
      code: 'policy_denied',
      errors: [
        { path: 'classId', rule: 'classIds', message: 'must be 7 or 8' },
        { path: 'limits.maxBytes', rule: 'maxBytes', message: 'must be at most 1000000' },
        { path: 'expiresIn', rule: 'maxExpiresIn', message: 'must be at most 600' },
        { path: 'oneTimeValid', rule: 'oneTimeRequired', message: 'must be true' },
      ],
    });
  });

  it.each([
    [{ vod: { classIds: [8, 9] } }, {}, 200],
    [{ vod: { classIds: [8, 9] } }, { classId: 7 }, 403],
    [{ vod: { classIds: [9] } }, {}, 403],
    [{ vod: { classId: 8 } }, {}, 403],
  ])('with the claims %j answers %j with %i', async (claims, body, statusCode) => {
    const ask = await load(SETTINGS);

    const answer = await ask(await mint(claims), body);

    expect(answer.statusCode).toBe(statusCode);
    if (statusCode === 403) expect(answer.json.code).toBe('policy_denied');
    else expect(verify(answer.json.signature)['classId']).toBe('8');
  });

  it.each([undefined, {}, { keys: [], policy: {}, rules: [] }])(
    'loads no module to check the settings %j',
    async (settings) => {
      const ask = await load(settings, ['verify-token']);

      expect((await ask(await mint())).statusCode).toBe(200);
      expect(loadedParts()).toEqual(['signature', 'verify-token']);
    },
  );

  it.each([
    ['{"policy":', ['settings.json']],
    [{ policies: {} }, ['policies']],
    [
      { policy: { select: [{ profile: 'x' }] }, keys: [{ name: 'a' }] },
      ['keys.0.scopes', 'keys.0.sha256', 'policy.select.0', 'policy.select.0.profile'],
    ],
    [{ ...SETTINGS, policy: null }, ['policy']],
  ])('refuses every request with the settings %j, and logs why', async (settings, fields) => {
    const ask = await load(settings);

    for (const token of [await mint(), KEY]) {
      log.clear();
      const { statusCode, json } = await ask(token);

      expect(statusCode).toBe(500);
      expect(json).toEqual(BARE_FAULT);
      const { line } = log;
      expect(line).toMatchObject({ level: 'error', code: 'internal' });
      expect([...(line.fields ?? [])].sort()).toEqual(fields);
      expect(line.reason).toMatch(/^Cannot serve with these settings: /);
    }
  });

  it('reports a refusal of a separately loaded module as such', async () => {
    const ask = await load(undefined);

    const { statusCode, headers, json } = await ask(`${await mint()}x`);

    expect(statusCode).toBe(401);
    expect(headers['WWW-Authenticate']).toBe('Bearer error="invalid_token"');
    expect(json.detail).toBe('The signature of the token does not match.');
  });

  it('refuses every token if the module that verifies tokens is missing', async () => {
    const ask = await load(undefined, []);

    expect((await ask(await mint())).statusCode).toBe(500);
  });

  it('accepts tokens of an issuer by its key set, and answers 503 with Retry-After while it cannot be fetched', async () => {
    const issuer = await startIssuer();
    const key = createIssuerKey('first', 'ES256');
    await issuer.publish(key);
    const seconds = Math.floor(Date.now() / 1_000);
    let time = seconds;
    vi.spyOn(Date, 'now').mockImplementation(() => time * 1_000);
    const claims = { sub: 'user-42', scope: 'upload:sign', aud: 'vod-upload', exp: seconds + 600 };
    const ask = await loadFor(issuer);

    issuer.respond = (response) => response.writeHead(502).end();
    const early = await ask(await issueToken(key, claims));
    issuer.respond = undefined;
    time += 5;
    const late = await ask(await issueToken(key, claims));
    await issuer.close();

    expect(early).toMatchObject({
      statusCode: 503,
      headers: { 'Retry-After': '5' },
      json: { code: 'identity_unavailable', title: 'Service Unavailable' },
    });
    expect(late.statusCode).toBe(200);
  });

  it('logs what it found at a wrong address of the key set, and does not show it to the caller', async () => {
    const issuer = await startIssuer();
    const key = createIssuerKey('first', 'ES256');
    const ask = await loadFor(issuer);
    const discovery = { jwks_uri: 'https://login.example.com/keys' };
    issuer.respond = (response) => response.end(JSON.stringify(discovery));
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const token = await issueToken(key, { sub: 'user-42', aud: 'vod-upload', exp });
    log.clear();

    const { statusCode, headers, json } = await ask(token);
    await issuer.close();

    expect(statusCode).toBe(500);
    expect(headers).not.toHaveProperty('Retry-After');
    expect(json).toEqual(BARE_FAULT);
    const line = log.line;
    expect(line).toMatchObject({ level: 'error', code: 'internal', fields: ['AUTH_JWKS_URL'] });
    expect(line.reason).toContain('set it to https://login.example.com/keys');
  });
});
