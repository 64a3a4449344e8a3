import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createIssuerKey, describeKey, issueToken } from '../../support/issuer.ts';
import { CLAIMS, first, NOW, problemOf, second, third, useKeySet } from './auth-stage.ts';

const { issuer, authenticate } = useKeySet();

describe('createAuthenticate() with the URL of a key set', () => {
  it.each([first, second, third])('accepts a token that is signed with $alg', async (key) => {
    const token = await issueToken(key, { ...CLAIMS, plan: 'pro' });

    const caller = await authenticate(`Bearer ${token}`, NOW);

    expect(caller).toEqual({
      owner: 'user-42',
      scopes: new Set(['openid', 'upload:sign']),
      claims: { ...CLAIMS, plan: 'pro' },
    });
  });

  it('fetches the keys once for many callers, and verifies a token once', async () => {
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
      /signature of the token does not match/,
    ],
    [
      'a key that the token brings along',
      async () => {
        const own = createIssuerKey('own', 'ES256');
        return new SignJWT(CLAIMS)
          .setProtectedHeader({ alg: 'ES256', jwk: await describeKey(own) })
          .sign(own.privateKey);
      },
      /signature of the token does not match/,
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

  it('refuses a header that is too long without fetching keys', async () => {
    const problem = await problemOf(() => authenticate(`Bearer ${' '.repeat(100_000)}x`, NOW));

    expect(problem.message).toBe('The token must have at most 8192 characters.');
    expect(issuer.requests).toEqual([]);
  });

  it('tolerates a clock difference of five seconds', async () => {
    const early = await issueToken(first, { ...CLAIMS, nbf: NOW + 5 });
    const late = await issueToken(first, { ...CLAIMS, exp: NOW - 4 });

    expect(await authenticate(`Bearer ${early}`, NOW)).toMatchObject({ owner: 'user-42' });
    expect(await authenticate(`Bearer ${late}`, NOW)).toMatchObject({ owner: 'user-42' });
  });

  it.each<[string, () => Promise<readonly object[]>]>([
    ['a key that is there twice', async () => [await describeKey(first), await describeKey(first)]],
    [
      'a key that is there with and without its algorithm',
      async () => {
        const { alg: _alg, ...bare } = await describeKey(first);
        return [bare, await describeKey(first)];
      },
    ],
    [
      'two keys of one name',
      async () => [
        await describeKey(createIssuerKey(first.kid, 'ES256')),
        await describeKey(first),
      ],
    ],
    [
      'null for what a key does not have',
      async () => [
        { ...(await describeKey(first)), alg: null, key_ops: null, use: null, ext: null, d: null },
      ],
    ],
  ])('accepts a token of a key set with %s', async (_name, list) => {
    const keys = await list();
    issuer.respond = (response) => response.end(JSON.stringify({ keys }));
    const token = await issueToken(first, CLAIMS);

    expect(await authenticate(`Bearer ${token}`, NOW)).toMatchObject({ owner: 'user-42' });
    const forged = await issueToken(createIssuerKey(first.kid, 'ES256'), CLAIMS);
    const problem = await problemOf(() => authenticate(`Bearer ${forged}`, NOW));
    expect(problem.message).toBe('The signature of the token does not match.');
    expect(issuer.requests).toHaveLength(1);
  });

  it('says why a token is refused that one of several keys proves', async () => {
    await issuer.publish(createIssuerKey(first.kid, 'ES256'), first);
    const token = await issueToken(first, { ...CLAIMS, exp: NOW - 60 });

    const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW));

    expect(problem.message).toBe('The token has expired.');
  });

  it('tries the keys that fit a token without "kid", 16 at most', async () => {
    const others = Array.from({ length: 16 }, (_, n) => createIssuerKey(`other-${n}`, 'ES256'));
    const token = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: 'ES256' })
      .sign(first.privateKey);
    await issuer.publish(...others.slice(1), first);
    expect(await authenticate(`Bearer ${token}`, NOW)).toMatchObject({ owner: 'user-42' });

    await issuer.publish(...others, first);
    const later = `Bearer ${await new SignJWT({ ...CLAIMS, sub: 'later' })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(first.privateKey)}`;
    const problem = await problemOf(() => authenticate(later, NOW + 600));

    expect(problem.message).toBe(
      'The token must name its key ("kid"), since more than 16 of its issuer\'s fit.',
    );
    // No newer set would help.
    await problemOf(() => authenticate(later, NOW + 660));
    expect(issuer.requests).toHaveLength(2);
  });
});
