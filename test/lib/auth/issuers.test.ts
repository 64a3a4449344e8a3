import { readFileSync } from 'node:fs';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, createAuthenticate, requireScope } from '../../../lib/auth/authenticate.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { readSignatureConfig } from '../../../lib/config/signature-config.ts';
import { Problem } from '../../../lib/problem.ts';
import documented from '../../fixtures/issuer-tokens.json' with { type: 'json' };
import { createIssuerKey, type Issuer, issueToken, startIssuer } from '../../support/issuer.ts';
import { TEST_JWT_SECRET } from '../../support/tokens.ts';

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0) / 1_000;

/** A token as its issuer documents it, without its times. */
interface IssuedToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

const issued: Readonly<Record<string, { readonly tokens: readonly IssuedToken[] }>> = documented;

/** Returns the settings that each row of the table names. */
function readTable(): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const page = readFileSync(new URL('../../../docs/issuers.md', import.meta.url), 'utf8');
  const rows = page.matchAll(/^\| ([^|]+) \| (`AUTH_[^|]+) \| [^|]+ \|$/gm);
  return new Map(
    [...rows].map(([, issuer = '', settings = '']) => [
      issuer,
      Object.fromEntries(
        [...settings.matchAll(/`([A-Z_]+)=([^`]+)`/g)].map(([, name = '', value = '']) => [
          name,
          value,
        ]),
      ),
    ]),
  );
}

const table = readTable();
const lines = [...table].flatMap(([name, settings]) =>
  (issued[name]?.tokens ?? []).map((token, n) => ({ name, n, settings, token })),
);

const key = createIssuerKey('first', 'RS256');
let issuer: Issuer;

beforeAll(async () => {
  issuer = await startIssuer();
  await issuer.publish(key);
});

afterAll(() => issuer.close());

function read(environment: Environment) {
  return readSignatureConfig({ VOD_SECRET_ID: 'A', VOD_SECRET_KEY: 'k', ...environment }).auth;
}

/** Returns the caller of a token under the settings of a row, in which only the address of the keys is changed. */
async function call(
  settings: Readonly<Record<string, string>>,
  { header, payload }: IssuedToken,
): Promise<Caller> {
  const claims = { iat: NOW - 10, exp: NOW + 60, ...payload };
  const hasSecret = settings['AUTH_JWT_SECRET'] !== undefined;
  const keys = hasSecret
    ? { AUTH_JWT_SECRET: TEST_JWT_SECRET }
    : { AUTH_JWKS_URL: issuer.keySetUrl, AUTH_JWKS_LOOPBACK: 'allow' };
  const token = hasSecret
    ? await new SignJWT(claims)
        .setProtectedHeader({ ...header, alg: 'HS256' })
        .sign(Buffer.from(TEST_JWT_SECRET))
    : await issueToken(key, claims, header);
  return createAuthenticate(read({ ...settings, ...keys }), [])(`Bearer ${token}`, NOW);
}

async function codeOf(run: () => Promise<Caller>): Promise<string> {
  try {
    requireScope(await run(), 'upload:sign');
    return 'taken';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('the table of docs/issuers.md', () => {
  it('has a row for each issuer with a sample token, and no other', () => {
    expect([...table.keys()]).toEqual(Object.keys(issued));
    const all = [...table.keys()].join();
    for (const name of 'Auth0 Okta Entra Cognito Keycloak Clerk Supabase Firebase'.split(' ')) {
      expect(all).toContain(name);
    }
  });

  it.each([...table])('has settings of %s that a function accepts unchanged', (_, settings) => {
    const secret =
      settings['AUTH_JWT_SECRET'] === undefined ? {} : { AUTH_JWT_SECRET: TEST_JWT_SECRET };

    expect(read({ ...settings, ...secret })).toMatchObject({
      kind: 'jwt',
      issuer: settings['AUTH_JWT_ISSUER'],
      audiences: settings['AUTH_JWT_AUDIENCE']?.split(','),
    });
  });

  it.each(lines)('accepts a token of $name ($n)', async ({ settings, token }) => {
    const caller = await call(settings, token);

    expect(caller.owner).toBe(token.payload['sub']);
    expect(() => requireScope(caller, 'upload:sign')).not.toThrow();
    expect(() => requireScope(caller, 'upload:admin')).toThrow(/upload:admin/);
  });

  it.each(lines)(
    'refuses a token of $name with another issuer, audience or time ($n)',
    async ({ settings, token }) => {
      const audienceClaim = settings['AUTH_AUDIENCE_CLAIM'] ?? 'aud';
      const change = (payload: object) =>
        codeOf(() => call(settings, { ...token, payload: { ...token.payload, ...payload } }));

      expect(await change({})).toBe('taken');
      expect(await change({ iss: `${token.payload['iss']}.evil.example` })).toBe('unauthorized');
      expect(await change({ [audienceClaim]: 'another' })).toBe('unauthorized');
      expect(await change({ [audienceClaim]: undefined })).toBe('unauthorized');
      expect(await change({ aud: 'another' })).toBe('unauthorized');
      expect(await change({ exp: NOW - 60 })).toBe('unauthorized');
      expect(await change({ sub: undefined })).toBe('unauthorized');
    },
  );

  it.each(lines)('reads no scope of $name from another claim ($n)', async ({ settings, token }) => {
    const [claim = 'scope'] = (settings['AUTH_SCOPE_CLAIM'] ?? '').split('.').filter(Boolean);
    const others = [
      'scope',
      'scp',
      'permissions',
      'roles',
      'groups',
      'user_metadata',
      'upload:sign',
    ];
    const payload = { ...token.payload, [claim]: undefined, scp: undefined };
    const stray = Object.fromEntries(others.map((name) => [name, ['upload:sign']]));
    delete stray[claim];
    if (claim === 'scope') delete stray['scp'];

    expect(
      await codeOf(() => call(settings, { ...token, payload: { ...payload, ...stray } })),
    ).toBe('insufficient_scope');
  });
});
