import { createHash } from 'node:crypto';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Authenticate,
  createAuthenticate,
  requireScope,
} from '../../../lib/auth/authenticate.ts';
import type { AuthConfig } from '../../../lib/config/caller-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { readSignatureConfig } from '../../../lib/config/signature-config.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import { Problem } from '../../../lib/problem.ts';
import {
  createIssuerKey,
  describeKey,
  type Issuer,
  issueToken,
  startIssuer,
} from '../../support/issuer.ts';

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0) / 1_000;
const CLAIMS = {
  sub: 'user-42',
  scope: 'openid upload:sign',
  iss: 'https://login.example.com',
  aud: 'vod-upload',
  exp: NOW + 3_600,
};

const first = createIssuerKey('first', 'ES256');
const second = createIssuerKey('second', 'RS256');
const third = createIssuerKey('third', 'EdDSA');

function readAuth(environment: Environment): AuthConfig {
  return readSignatureConfig({ VOD_SECRET_ID: 'A', VOD_SECRET_KEY: 'k', ...environment }).auth;
}

async function problemOf(run: () => unknown): Promise<Problem> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('Nobody was refused');
}

describe('createAuthenticate() with the URL of a key set', () => {
  let issuer: Issuer;
  let authenticate: Authenticate;

  beforeEach(async () => {
    issuer = await startIssuer();
    await issuer.publish(first, second, third);
    authenticate = createAuthenticate(
      readAuth({
        AUTH_JWKS_URL: issuer.keySetUrl,
        AUTH_JWKS_LOOPBACK: 'allow',
        AUTH_JWT_ISSUER: CLAIMS.iss,
        AUTH_JWT_AUDIENCE: CLAIMS.aud,
      }),
      [],
    );
  });

  afterEach(() => issuer.close());

  it.each([first, second, third])('takes a token that is signed with $alg', async (key) => {
    const token = await issueToken(key, { ...CLAIMS, plan: 'pro' });

    const caller = await authenticate(`Bearer ${token}`, NOW);

    expect(caller).toEqual({
      owner: 'user-42',
      scopes: new Set(['openid', 'upload:sign']),
      claims: { ...CLAIMS, plan: 'pro' },
    });
  });

  it('fetches the keys once for many callers, and nothing for a token that it knows', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, n) => issueToken(first, { ...CLAIMS, sub: `user-${n}` })),
    );

    const callers = await Promise.all(tokens.map((token) => authenticate(`Bearer ${token}`, NOW)));
    const again = await authenticate(`Bearer ${tokens[0]}`, NOW + 1);

    expect(callers.map(({ owner }) => owner)).toEqual(tokens.map((_, n) => `user-${n}`));
    expect(again).toBe(callers[0]);
    expect(issuer.requests).toEqual(['/.well-known/jwks.json']);
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ['an expired token', () => issueToken(first, { ...CLAIMS, exp: NOW - 6 }), /expired/],
    [
      'a token that is not yet valid',
      () => issueToken(first, { ...CLAIMS, nbf: NOW + 6 }),
      /"nbf"/,
    ],
    ['another audience', () => issueToken(first, { ...CLAIMS, aud: ['a', 'b'] }), /"aud"/],
    ['no audience', () => issueToken(first, { ...CLAIMS, aud: undefined }), /"aud"/],
    [
      'another issuer',
      () => issueToken(first, { ...CLAIMS, iss: 'https://evil.example' }),
      /"iss"/,
    ],
    [
      'no subject',
      () => issueToken(first, { ...CLAIMS, sub: undefined }),
      /"sub" of the token is missing/,
    ],
    ['a subject that cannot be kept', () => issueToken(first, { ...CLAIMS, sub: 'a\0b' }), /"sub"/],
    ['a subject that is a number', () => issueToken(first, { ...CLAIMS, sub: 7 }), /"sub"/],
    ['no expiry', () => issueToken(first, { ...CLAIMS, exp: undefined }), /"exp"/],
    ['an expiry that is a text', () => issueToken(first, { ...CLAIMS, exp: '1' }), /"exp"/],
    ['the algorithm none', async () => new UnsecuredJWT(CLAIMS).encode(), /must be signed with/],
    [
      'the public key as the secret of HS256',
      async () =>
        new SignJWT(CLAIMS)
          .setProtectedHeader({ alg: 'HS256', kid: first.kid })
          .sign(Buffer.from(await exportSPKI(first.publicKey))),
      /must be signed with RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519\.$/,
    ],
    [
      'the public key in JSON as the secret of HS512',
      async () =>
        new SignJWT(CLAIMS)
          .setProtectedHeader({ alg: 'HS512', kid: first.kid })
          .sign(Buffer.from(JSON.stringify(await describeKey(first)))),
      /must be signed with/,
    ],
    [
      'the name of another key',
      () => issueToken({ ...second, alg: 'RS256', kid: first.kid }, CLAIMS),
      /not among its issuer's/,
    ],
    [
      'a key of the same name from elsewhere',
      () => issueToken(createIssuerKey(first.kid, 'ES256'), CLAIMS),
      /signature of the token does not fit/,
    ],
    [
      'a key that the token brings along',
      async () => {
        const own = createIssuerKey('own', 'ES256');
        return new SignJWT(CLAIMS)
          .setProtectedHeader({ alg: 'ES256', jwk: await describeKey(own) })
          .sign(own.privateKey);
      },
      /signature of the token does not fit/,
    ],
    ['no JWT', async () => 'abc.def', /well-formed/],
    ['a token of 8,192 characters', async () => 'x'.repeat(8_192), /well-formed/],
    ['a token of 8,193 characters', async () => 'x'.repeat(8_193), /at most 8192 characters/],
  ])('refuses %s', async (_name, mint, detail) => {
    const token = await mint();

    const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW));

    expect(problem).toMatchObject({ code: 'unauthorized', status: 401 });
    expect(problem.headers).toEqual({ 'WWW-Authenticate': 'Bearer error="invalid_token"' });
    expect(problem.message).toMatch(detail);
    expect(problem.message).not.toContain('evil');
  });

  it('looks at no header that is longer than any token', async () => {
    const problem = await problemOf(() => authenticate(`Bearer ${' '.repeat(100_000)}x`, NOW));

    expect(problem.message).toBe('The token must have at most 8192 characters.');
    expect(issuer.requests).toEqual([]);
  });

  it('allows for clocks that differ by five seconds', async () => {
    const early = await issueToken(first, { ...CLAIMS, nbf: NOW + 5 });
    const late = await issueToken(first, { ...CLAIMS, exp: NOW - 4 });

    expect(await authenticate(`Bearer ${early}`, NOW)).toMatchObject({ owner: 'user-42' });
    expect(await authenticate(`Bearer ${late}`, NOW)).toMatchObject({ owner: 'user-42' });
  });

  it('asks for a name of the key where several fit', async () => {
    await issuer.publish(first, createIssuerKey('other', 'ES256'));
    const token = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: 'ES256' })
      .sign(first.privateKey);

    const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW));

    expect(problem.message).toContain('"kid"');
    // No newer set would help.
    await problemOf(() => authenticate(`Bearer ${token}`, NOW + 60));
    expect(issuer.requests).toHaveLength(1);
  });

  describe('while keys are replaced', () => {
    it('takes the new key at once, half a minute after the last fetch', async () => {
      await issuer.publish(first);
      await authenticate(`Bearer ${await issueToken(first, CLAIMS)}`, NOW);
      await issuer.publish(first, second);
      const token = await issueToken(second, CLAIMS);

      const early = await problemOf(() => authenticate(`Bearer ${token}`, NOW + 29));
      const caller = await authenticate(`Bearer ${token}`, NOW + 30);

      expect(early.code).toBe('unauthorized');
      expect(caller.owner).toBe('user-42');
      expect(issuer.requests).toHaveLength(2);
    });

    it('fetches no more often, however many unknown keys are named', async () => {
      await issuer.publish(first);
      const stray = createIssuerKey('stray', 'ES256');
      const token = await issueToken(stray, CLAIMS);

      for (let second = 0; second < 60; second += 1) {
        const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW + second));
        expect(problem.code).toBe('unauthorized');
      }

      expect(issuer.requests).toHaveLength(2);
    });

    it('continues the old key while it is published', async () => {
      await issuer.publish(first);
      await authenticate(`Bearer ${await issueToken(first, CLAIMS)}`, NOW);
      await issuer.publish(second, first);

      for (const key of [first, second, first]) {
        const token = await issueToken(key, { ...CLAIMS, jti: Math.random() });
        expect(await authenticate(`Bearer ${token}`, NOW + 30)).toMatchObject({ owner: 'user-42' });
      }
    });

    it('takes a withdrawn key no longer than five minutes, not even in a token that it knows', async () => {
      await issuer.publish(first);
      const token = await issueToken(first, CLAIMS);
      await authenticate(`Bearer ${token}`, NOW);
      await issuer.publish(second);

      const known = await authenticate(`Bearer ${token}`, NOW + 299);
      const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW + 300));

      expect(known.owner).toBe('user-42');
      expect(problem.message).toContain("not among its issuer's");
    });
  });

  describe('while the keys cannot be had', () => {
    const answers: readonly [string, (issuer: Issuer) => void, RegExp][] = [
      [
        'the issuer breaks',
        (broken) => {
          broken.respond = (response) => response.writeHead(500).end('{"keys":[]}');
        },
        /the answer was 500/,
      ],
      [
        'the connection breaks',
        (broken) => {
          broken.respond = (response) => response.destroy();
        },
        /the connection failed \(ECONNRESET\)\.$/,
      ],
      [
        'the connection breaks in the middle',
        (broken) => {
          broken.respond = (response) => {
            response.writeHead(200, { 'Content-Length': '1000' });
            response.write('{"keys":[', () => response.destroy());
          };
        },
        /the connection failed/,
      ],
      [
        'there is no answer',
        (broken) => {
          broken.respond = () => {};
        },
        /no answer within 2.5 seconds/,
      ],
    ];

    it.each(answers)('lets nobody in and asks for patience where %s', async (_name, spoil, why) => {
      spoil(issuer);
      const token = await issueToken(first, CLAIMS);

      const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW));

      expect(problem).toMatchObject({ code: 'identity_unavailable', status: 503 });
      expect(problem.headers).toEqual({ 'Retry-After': '5' });
      expect(problem.message).toMatch(why);
      expect(problem.message).not.toContain('127.0.0.1');
      expect(problem.message).not.toContain('secret');
    });

    it('tries again after five seconds, and no sooner', async () => {
      issuer.respond = (response) => response.writeHead(503).end();
      const token = await issueToken(first, CLAIMS);
      const ask = (seconds: number) => authenticate(`Bearer ${token}`, NOW + seconds);
      await problemOf(() => ask(0));
      issuer.respond = undefined;

      const early = await problemOf(() => ask(4));
      const requests = issuer.requests.length;

      expect(early.code).toBe('identity_unavailable');
      expect(requests).toBe(1);
      expect(await ask(5)).toMatchObject({ owner: 'user-42' });
    });

    it('continues the keys that it has until they are a quarter of an hour old', async () => {
      await authenticate(`Bearer ${await issueToken(first, CLAIMS)}`, NOW);
      issuer.respond = (response) => response.writeHead(503).end();
      const fresh = (n: number) => issueToken(first, { ...CLAIMS, jti: `${n}` });

      const still = await authenticate(`Bearer ${await fresh(1)}`, NOW + 899);
      const token = await fresh(2);
      const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW + 900));

      expect(still.owner).toBe('user-42');
      expect(problem.code).toBe('identity_unavailable');
    });

    it('does not call a token bad whose key may be a new one', async () => {
      await issuer.publish(first);
      await authenticate(`Bearer ${await issueToken(first, CLAIMS)}`, NOW);
      issuer.respond = (response) => response.writeHead(503).end();
      const token = await issueToken(second, CLAIMS);

      const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW + 60));

      expect(problem.code).toBe('identity_unavailable');
    });
  });
});

it('lets anybody in where nobody has to say who they are', () => {
  expect(createAuthenticate(readAuth({ AUTH: 'none' }), [])(undefined, NOW)).toEqual({
    owner: 'anybody',
    scopes: new Set(['upload:sign', 'upload:pull', 'upload:read', 'upload:cancel']),
  });
});

it('asks for the right that a caller does not have', async () => {
  const caller = { owner: 'user-42', scopes: new Set(['upload:sign']) };

  expect(() => requireScope(caller, 'upload:sign')).not.toThrow();
  expect(await problemOf(() => requireScope(caller, 'upload:pull'))).toMatchObject({
    code: 'insufficient_scope',
    message: 'The token does not have the scope "upload:pull".',
    headers: { 'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="upload:pull"' },
  });
});

describe('createAuthenticate() with API keys', () => {
  const digest = (key: string) => createHash('sha256').update(key).digest('hex');
  const KEYS = [
    { name: 'migration', sha256: digest('mig-0123456789'), scopes: ['upload:pull'] },
    {
      name: 'backend-2026',
      sha256: digest('b+/~-._9=='),
      scopes: ['upload:sign', 'upload:read'],
      owner: 'backend',
    },
  ];
  const SECRET = 'jwt-secret-example-of-at-least-32-bytes';

  it.each([
    [
      'mig-0123456789',
      { owner: 'migration', keyName: 'migration', scopes: new Set(['upload:pull']) },
    ],
    [
      'b+/~-._9==',
      {
        owner: 'backend',
        keyName: 'backend-2026',
        scopes: new Set(['upload:sign', 'upload:read']),
      },
    ],
  ])('finds the holder of %s', async (key, holder) => {
    const authenticate = createAuthenticate(readAuth({ AUTH: 'keys' }), KEYS);

    expect(await authenticate(`Bearer ${key}`, NOW)).toEqual(holder);
  });

  it.each(['mig-0123456789', 'Basic bWln', 'Bearer', 'Bearer a b', 'Bearer a,', 'XBearer a'])(
    'refuses the header %j, and says what is right',
    async (header) => {
      const authenticate = createAuthenticate(readAuth({ AUTH: 'keys' }), KEYS);

      expect(await problemOf(() => authenticate(header, NOW))).toMatchObject({
        code: 'unauthorized',
        message: 'The header must be "Authorization: Bearer <token>".',
      });
    },
  );

  it('asks for a header where there is none', async () => {
    const authenticate = createAuthenticate(readAuth({ AUTH: 'keys' }), KEYS);

    expect(await problemOf(() => authenticate(undefined, NOW))).toMatchObject({
      code: 'unauthorized',
      message: 'The request needs an "Authorization: Bearer" header.',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  });

  it.each(['Bearer   mig-0123456789', 'bearer mig-0123456789'])(
    'takes the header %j',
    async (header) => {
      const authenticate = createAuthenticate(readAuth({ AUTH: 'keys' }), KEYS);

      expect(await authenticate(header, NOW)).toMatchObject({ owner: 'migration' });
    },
  );

  it.each([
    'mig-012345678',
    'mig-01234567890',
    'MIG-0123456789',
    digest('mig-0123456789'),
    'migration',
  ])('refuses %s', async (key) => {
    const authenticate = createAuthenticate(readAuth({ AUTH: 'keys' }), KEYS);

    const problem = await problemOf(() => authenticate(`Bearer ${key}`, NOW));

    expect(problem).toMatchObject({
      code: 'unauthorized',
      message: 'The API key is unknown.',
    });
  });

  it('takes tokens beside keys', async () => {
    const authenticate = createAuthenticate(readAuth({ AUTH_JWT_SECRET: SECRET }), KEYS);
    const token = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(SECRET));

    expect(await authenticate(`Bearer ${token}`, NOW)).toMatchObject({ owner: 'user-42' });
    expect(await authenticate('Bearer mig-0123456789', NOW)).toMatchObject({ owner: 'migration' });
    expect((await problemOf(() => authenticate('Bearer mig', NOW))).code).toBe('unauthorized');
  });

  it.each(['migration', 'backend'])('refuses a token whose sub is the owner %s', async (sub) => {
    const authenticate = createAuthenticate(readAuth({ AUTH_JWT_SECRET: SECRET }), KEYS);
    const sign = (claims: object) =>
      new SignJWT({ ...CLAIMS, ...claims })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(Buffer.from(SECRET));
    const token = await sign({ sub });

    for (const _again of [1, 2]) {
      expect(await problemOf(async () => authenticate(`Bearer ${token}`, NOW))).toMatchObject({
        code: 'unauthorized',
        message: expect.stringContaining('name under which an API key of this service uploads'),
      });
    }
    // The name of a key that has another owner is anybody's.
    const other = await sign({ sub: 'backend-2026' });
    expect(await authenticate(`Bearer ${other}`, NOW)).toMatchObject({ owner: 'backend-2026' });
  });

  it.each([
    ['keys', [], /keys must name one at least/],
    ['none', KEYS, /keys must not be set while AUTH is none/],
  ])('serves nobody under AUTH=%s where that contradicts the settings', (AUTH, keys, message) => {
    const create = () => createAuthenticate(readAuth({ AUTH }), keys);

    expect(create).toThrow(ConfigError);
    expect(create).toThrow(message);
    expect(create).toThrow('these settings');
  });
});

describe('what an instance remembers of tokens', () => {
  const SECRET = 'a shared secret of thirty-two bytes or more';
  const issue = (claims: object = {}) =>
    new SignJWT({ ...CLAIMS, ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(SECRET));
  const open = () => createAuthenticate(readAuth({ AUTH_JWT_SECRET: SECRET }), []);
  /** What is remembered is there at once. */
  const isRemembered = (authenticate: Authenticate, token: string, now = NOW) =>
    !(authenticate(`Bearer ${token}`, now) instanceof Promise);

  it('is bounded: the one that was verified first gives way', async () => {
    const authenticate = open();
    const tokens = await Promise.all(Array.from({ length: 258 }, (_, i) => issue({ jti: `${i}` })));
    const [last, another] = [tokens.pop(), tokens.pop()];
    const [first = '', second = '', third = ''] = tokens;
    for (const token of tokens) await authenticate(`Bearer ${token}`, NOW);
    expect(isRemembered(authenticate, first)).toBe(true);

    await authenticate(`Bearer ${another}`, NOW);
    await authenticate(`Bearer ${second}`, NOW + 300);
    await authenticate(`Bearer ${last}`, NOW + 300);

    expect(isRemembered(authenticate, second, NOW + 300)).toBe(true);
    expect(isRemembered(authenticate, tokens[3] ?? '')).toBe(true);
    expect(isRemembered(authenticate, third)).toBe(false);
    expect(isRemembered(authenticate, first)).toBe(false);
  });

  it('ends after five minutes, and with the token', async () => {
    const authenticate = open();
    const [long, short] = [await issue(), await issue({ exp: NOW + 10 })];
    for (const token of [long, short]) await authenticate(`Bearer ${token}`, NOW);

    expect(isRemembered(authenticate, short, NOW + 9)).toBe(true);
    expect(isRemembered(authenticate, short, NOW + 10)).toBe(false);
    expect(isRemembered(authenticate, long, NOW + 299)).toBe(true);
    expect(isRemembered(authenticate, long, NOW + 300)).toBe(false);
  });

  it.each([
    ['no sub', undefined],
    ['an empty one', ''],
    ['half of a letter', '\ud800'],
    ['a NUL', 'a\0b'],
  ])('is nothing of a token with %s', async (_, sub) => {
    const token = await issue({ sub });

    expect(await problemOf(() => open()(`Bearer ${token}`, NOW))).toMatchObject({
      code: 'unauthorized',
    });
  });
});
