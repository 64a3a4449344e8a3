import { describe, expect, it } from 'vitest';
import {
  type Authenticate,
  createAuthenticate,
  requireScope,
} from '../../../lib/auth/authenticate.ts';
import { mintToken, TEST_JWT_SECRET } from '../../support/tokens.ts';
import { CLAIMS, NOW, problemOf, readAuth } from './auth-stage.ts';

it('accepts every caller under AUTH=none, as the owner "anybody"', () => {
  expect(createAuthenticate(readAuth({ AUTH: 'none' }), [])(undefined, NOW)).toEqual({
    owner: 'anybody',
    scopes: new Set(['upload:sign', 'upload:pull', 'upload:read', 'upload:cancel']),
  });
});

it('refuses a caller without the scope', async () => {
  const caller = { owner: 'user-42', scopes: new Set(['upload:sign']) };

  expect(() => requireScope(caller, 'upload:sign')).not.toThrow();
  expect(await problemOf(() => requireScope(caller, 'upload:pull'))).toMatchObject({
    code: 'insufficient_scope',
    message: 'The token does not have the scope "upload:pull".',
    headers: { 'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="upload:pull"' },
  });
});
describe('the memory of verified tokens', () => {
  const issue = (claims: object = {}) => mintToken({ ...CLAIMS, ...claims });
  const open = () => createAuthenticate(readAuth({ AUTH_JWT_SECRET: TEST_JWT_SECRET }), []);
  /** What is remembered is there at once. */
  const isRemembered = (authenticate: Authenticate, token: string, now = NOW) =>
    !(authenticate(`Bearer ${token}`, now) instanceof Promise);

  it('is bounded, and drops the token that was verified first', async () => {
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

  it('keeps a token for five minutes, and no longer than it is valid', async () => {
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
    ['an empty sub', ''],
    ['half a character as sub', '\ud800'],
    ['a NUL in sub', 'a\0b'],
  ])('refuses a token with %s', async (_, sub) => {
    const token = await issue({ sub });

    expect(await problemOf(() => open()(`Bearer ${token}`, NOW))).toMatchObject({
      code: 'unauthorized',
    });
  });
});
