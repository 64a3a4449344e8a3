import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createAuthenticate } from '../../../lib/auth/authenticate.ts';
import { readSignatureConfig } from '../../../lib/config/signature-config.ts';
import { Problem } from '../../../lib/problem.ts';
import { TEST_JWT_SECRET } from '../../support/tokens.ts';

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0) / 1_000;

type Claims = Readonly<Record<string, unknown>>;
type Settings = Readonly<Record<string, string>>;

/** Returns the caller of a token with these claims and those that every token needs. */
async function call(claims: Claims, settings: Settings = {}) {
  const config = readSignatureConfig({
    ...{ VOD_SECRET_ID: 'A', VOD_SECRET_KEY: 'k', AUTH_JWT_SECRET: TEST_JWT_SECRET },
    ...settings,
  });
  const token = await new SignJWT({ sub: 'user-42', exp: NOW + 60, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(TEST_JWT_SECRET));
  return createAuthenticate(config.auth, [])(`Bearer ${token}`, NOW);
}

async function scopesOf(claims: Claims, settings?: Settings): Promise<readonly string[]> {
  const { scopes } = await call(claims, settings);
  return [...scopes].filter((scope) => scope !== '');
}

async function refusalOf(claims: Claims, settings: Settings): Promise<Problem> {
  try {
    await call(claims, settings);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('Nobody was refused');
}

describe('the scopes of a token', () => {
  it.each<[Claims, readonly string[]]>([
    [{ scope: 'openid upload:sign' }, ['openid', 'upload:sign']],
    [{ scope: ['openid', 'upload:sign'] }, ['openid', 'upload:sign']],
    [{ scp: 'openid upload:sign' }, ['openid', 'upload:sign']],
    [{ scp: ['openid', 'upload:sign'] }, ['openid', 'upload:sign']],
    [{ scope: '  upload:sign  ' }, ['upload:sign']],
    [{ scope: null, scp: 'upload:sign' }, ['upload:sign']],
  ])('are read from %j', async (claims, scopes) => {
    expect(await scopesOf(claims)).toEqual(scopes);
  });

  it.each<[string, Claims]>([
    ['nothing', {}],
    ['scp next to a scope', { scope: 'openid', scp: ['upload:sign'] }],
    ['scp next to an empty scope', { scope: '', scp: 'upload:sign' }],
    ['scp next to an empty list', { scope: [], scp: 'upload:sign' }],
    ['scp next to an object as scope', { scope: { 0: 'upload:sign' }, scp: 'upload:sign' }],
    ['a list with commas', { scope: 'openid,upload:sign' }],
    ['a list with a tab', { scope: 'openid\tupload:sign' }],
    ['a list with a line break', { scope: 'openid\nupload:sign' }],
    ['a list with a no-break space', { scope: 'openid\u00a0upload:sign' }],
    ['a list item with two scopes', { scp: ['openid upload:sign'] }],
    ['a list in a list', { scp: [['upload:sign']] }],
    ['an object in a list', { scp: [{ scope: 'upload:sign', value: 'upload:sign' }] }],
    ['the names of an object', { scp: { 'upload:sign': true } }],
    ['an object that looks like a list', { scp: { 0: 'upload:sign', length: 1 } }],
    ['a number', { scope: 42 }],
    ['true', { scope: true }],
    ['capital letters', { scope: 'Upload:Sign UPLOAD:SIGN' }],
    ['a list as JSON', { scope: '["upload:sign"]' }],
    ['a wildcard', { scope: 'upload:* * upload' }],
    [
      'a claim with another name',
      { scopes: 'upload:sign', permissions: ['upload:sign'], roles: ['upload:sign'] },
    ],
    ['a claim in another case', { Scope: 'upload:sign', SCP: ['upload:sign'] }],
    ['a scope with a prefix that is not configured', { scope: 'vod-api/upload:sign' }],
  ])('are not read from %s', async (_, claims) => {
    const scopes = await scopesOf(claims);

    expect(scopes).not.toContain('upload:sign');
  });

  it('are read from a list that also has invalid items', async () => {
    expect(await scopesOf({ scp: [7, null, 'upload:sign', ['x'], {}] })).toEqual(['upload:sign']);
  });
});

describe('AUTH_SCOPE_CLAIM', () => {
  it.each<[string, Claims]>([
    ['permissions', { permissions: ['upload:sign'] }],
    ['permissions', { permissions: 'upload:sign' }],
    ['https://example.com/permissions', { 'https://example.com/permissions': ['upload:sign'] }],
    ['example.com/permissions', { 'example.com/permissions': ['upload:sign'] }],
    ['urn:example:rights', { 'urn:example:rights': 'upload:sign' }],
    ['cognito:groups', { 'cognito:groups': ['upload:sign'] }],
    ['realm_access.roles', { realm_access: { roles: ['upload:sign'] } }],
    ['resource_access.vod.roles', { resource_access: { vod: { roles: ['upload:sign'] } } }],
    [
      'resource_access.com.example.vod.roles',
      { resource_access: { 'com.example.vod': { roles: ['upload:sign'] }, com: {} } },
    ],
    [
      'resource_access.https://vod.example.com.roles',
      { resource_access: { 'https://vod.example.com': { roles: ['upload:sign'] } } },
    ],
    ['scp', { scope: 'openid', scp: ['upload:sign'] }],
    ['__proto__.toString', { '__proto__.toString': 'upload:sign' }],
  ])('%s reads the scope from %j', async (AUTH_SCOPE_CLAIM, claims) => {
    expect(await scopesOf(claims, { AUTH_SCOPE_CLAIM })).toEqual(['upload:sign']);
  });

  it.each<[string, Claims]>([
    ['permissions', { scope: 'upload:sign', scp: ['upload:sign'] }],
    ['permissions', { permissions: null, scope: 'upload:sign' }],
    ['permissions', { permissions: { scope: 'upload:sign' } }],
    ['permissions', { permissions: [{ rsname: 'upload:sign', scopes: ['upload:sign'] }] }],
    ['realm_access.roles', { realm_access: ['upload:sign'], roles: ['upload:sign'] }],
    ['realm_access.roles', { realm_access: { roles: { 'upload:sign': true } } }],
    [
      'realm_access.roles',
      { 'realm_access.roles': 'upload:sign', realm_access: { roles: ['upload:sign'] } },
    ],
    ['a.b.c', { a: { 'b.c': ['upload:sign'], b: { c: ['upload:sign'] } } }],
    ['permissions.length', { permissions: 'upload:sign' }],
    ['permissions.0', { permissions: ['upload:sign'] }],
    ['permissions', { '': { ermissions: ['upload:sign'] } }],
    ['constructor.name', {}],
    ['__proto__', {}],
    ['toString', { toString: undefined }],
  ])('%s reads no scope from %j', async (AUTH_SCOPE_CLAIM, claims) => {
    expect(await scopesOf(claims, { AUTH_SCOPE_CLAIM })).toEqual([]);
  });
});

describe('AUTH_SCOPE_PREFIX', () => {
  it.each([
    ['vod-api/', 'vod-api/upload:sign'],
    [
      'api://00001111-aaaa-2222-bbbb-3333cccc4444/',
      'api://00001111-aaaa-2222-bbbb-3333cccc4444/upload:sign',
    ],
    ['https://www.example.com/auth/', 'https://www.example.com/auth/upload:sign'],
    ['vod:', 'vod:upload:sign'],
  ])('%s is removed from %s', async (AUTH_SCOPE_PREFIX, scope) => {
    expect(await scopesOf({ scope: `openid ${scope}` }, { AUTH_SCOPE_PREFIX })).toEqual([
      'upload:sign',
    ]);
  });

  it.each([
    'upload:sign',
    'other-api/upload:sign',
    'VOD-API/upload:sign',
    'vod-api//upload:sign',
    'vod-api/vod-api/upload:sign',
    'xvod-api/upload:sign',
    'vod-api/',
    'vod-api',
  ])('removes every scope without the exact prefix: %s', async (scope) => {
    const scopes = await scopesOf({ scope: `${scope} openid` }, { AUTH_SCOPE_PREFIX: 'vod-api/' });

    expect(scopes).not.toContain('upload:sign');
    expect(scopes).not.toContain('openid');
  });
});

describe('AUTH_AUDIENCE_CLAIM', () => {
  const COGNITO = { AUTH_AUDIENCE_CLAIM: 'client_id', AUTH_JWT_AUDIENCE: 'web, ios' };
  const KEYCLOAK = { AUTH_AUDIENCE_CLAIM: 'azp', AUTH_JWT_AUDIENCE: 'web' };

  it.each<[Settings, Claims]>([
    [COGNITO, { client_id: 'web', token_use: 'access' }],
    [COGNITO, { client_id: 'ios' }],
    [COGNITO, { client_id: 'web', aud: 'ios' }],
    [COGNITO, { client_id: 'web', aud: ['https://other.example.com', 'web'] }],
    [KEYCLOAK, { azp: 'web', typ: 'Bearer' }],
    [KEYCLOAK, { azp: 'web', aud: 'account' }],
    [{ ...COGNITO, AUTH_AUDIENCE_CLAIM: 'cid' }, { cid: 'ios' }],
    [{ ...COGNITO, AUTH_AUDIENCE_CLAIM: 'appid' }, { appid: 'ios' }],
    [KEYCLOAK, { azp: 'web', aud: ['account'] }],
    [{ AUTH_AUDIENCE_CLAIM: 'aud', AUTH_JWT_AUDIENCE: 'web,ios' }, { aud: ['ios', 'account'] }],
    [{ AUTH_JWT_AUDIENCE: 'web , ios' }, { aud: 'ios' }],
  ])('under %j accepts a token with %j', async (settings, claims) => {
    expect((await call(claims, settings)).owner).toBe('user-42');
  });

  it.each<[Settings, Claims, RegExp]>([
    [COGNITO, {}, /"client_id" of the token is missing/],
    [COGNITO, { aud: 'web' }, /"client_id"/],
    [COGNITO, { client_id: 'another' }, /"client_id"/],
    [COGNITO, { client_id: 'web, ios' }, /"client_id"/],
    [COGNITO, { client_id: ['web'] }, /"client_id"/],
    [COGNITO, { client_id: { web: true } }, /"client_id"/],
    [COGNITO, { client_id: null }, /"client_id"/],
    [COGNITO, { client_id: '' }, /"client_id"/],
    [COGNITO, { client_id: 'WEB' }, /"client_id"/],
    [COGNITO, { azp: 'web' }, /"client_id"/],
    [COGNITO, { client_id: 'web', aud: 'https://other.example.com' }, /another service/],
    [COGNITO, { client_id: 'web', aud: ['https://other.example.com'] }, /another service/],
    [COGNITO, { client_id: 'web', aud: 'account' }, /another service/],
    [COGNITO, { client_id: 'web', aud: [] }, /another service/],
    [COGNITO, { client_id: 'web', aud: null }, /another service/],
    [COGNITO, { client_id: 'web', aud: 7 }, /another service/],
    [COGNITO, { client_id: 'web', aud: { web: 'web' } }, /another service/],
    [COGNITO, { client_id: 'web', aud: [['web']] }, /another service/],
    [COGNITO, { client_id: 'web', token_use: 'id' }, /ID token/],
    [KEYCLOAK, { azp: 'web', aud: 'web', typ: 'ID' }, /ID token/],
    [KEYCLOAK, { azp: 'account', aud: 'account' }, /"azp"/],
    [KEYCLOAK, { azp: 'web', aud: ['account', 'realm-management'] }, /another service/],
    [KEYCLOAK, { azp: 'web', aud: [] }, /another service/],
    [{ AUTH_JWT_AUDIENCE: 'web,ios' }, { aud: 'web,ios' }, /"aud"/],
    [{ AUTH_JWT_AUDIENCE: 'web' }, { client_id: 'web', azp: 'web' }, /"aud"/],
  ])('under %j refuses a token with %j', async (settings, claims, text) => {
    const problem = await refusalOf({ ...claims, scope: 'upload:sign' }, settings);

    expect(problem).toMatchObject({ code: 'unauthorized', status: 401 });
    expect(problem.headers).toEqual({ 'WWW-Authenticate': 'Bearer error="invalid_token"' });
    expect(problem.message).toMatch(text);
    expect(problem.message).not.toContain('other.example.com');
  });
});

describe('AUTH_JWT_ISSUER', () => {
  it.each([
    ['https://example.auth0.com', 'https://example.auth0.com/'],
    ['https://example.auth0.com/', 'https://example.auth0.com'],
  ])(
    '%s and the iss %s differ in the final slash, which the refusal says',
    async (AUTH_JWT_ISSUER, iss) => {
      const problem = await refusalOf({ iss }, { AUTH_JWT_ISSUER });

      expect(problem.code).toBe('unauthorized');
      expect(problem.message).toContain('AUTH_JWT_ISSUER differ by a slash at the end');
    },
  );

  it('is not mentioned in the refusal if another claim is missing', async () => {
    const [iss, AUTH_JWT_ISSUER] = ['https://example.auth0.com/', 'https://example.auth0.com'];
    const problem = await refusalOf({ iss, exp: undefined }, { AUTH_JWT_ISSUER });

    expect(problem.message).toBe('The claim "exp" of the token is missing or not as expected.');
  });

  it.each(['https://evil.example/', 'https://example.auth0.com//', undefined, 7, ''])(
    'is not mentioned in the refusal if the iss is %j',
    async (iss) => {
      const problem = await refusalOf({ iss }, { AUTH_JWT_ISSUER: 'https://example.auth0.com' });

      expect(problem.message).toBe('The claim "iss" of the token is missing or not as expected.');
    },
  );
});
