import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthenticate } from '../../../lib/auth/authenticate.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import { mintToken, TEST_JWT_SECRET } from '../../support/tokens.ts';
import { CLAIMS, NOW, problemOf, readAuth } from './auth-stage.ts';

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
  const authenticate = createAuthenticate(readAuth({ AUTH: 'keys' }), KEYS);
  const openBeside = () => createAuthenticate(readAuth({ AUTH_JWT_SECRET: TEST_JWT_SECRET }), KEYS);
  const issue = (claims: object = {}) => mintToken({ ...CLAIMS, ...claims });

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
  ])('accepts the key %s for its owner and scopes', async (key, holder) => {
    expect(await authenticate(`Bearer ${key}`, NOW)).toEqual(holder);
  });

  it.each(['mig-0123456789', 'Basic bWln', 'Bearer', 'Bearer a b', 'Bearer a,', 'XBearer a'])(
    'refuses the header %j, and names the right format',
    async (header) => {
      expect(await problemOf(() => authenticate(header, NOW))).toMatchObject({
        code: 'unauthorized',
        message: 'The header must be "Authorization: Bearer <token>".',
      });
    },
  );

  it('refuses a request without the header', async () => {
    expect(await problemOf(() => authenticate(undefined, NOW))).toMatchObject({
      code: 'unauthorized',
      message: 'The request needs an "Authorization: Bearer" header.',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  });

  it.each(['Bearer   mig-0123456789', 'bearer mig-0123456789'])(
    'accepts the header %j',
    async (header) => {
      expect(await authenticate(header, NOW)).toMatchObject({ owner: 'migration' });
    },
  );

  it.each([
    'mig-012345678',
    'mig-01234567890',
    'MIG-0123456789',
    digest('mig-0123456789'),
    'migration',
  ])('refuses the unknown key %s', async (key) => {
    const problem = await problemOf(() => authenticate(`Bearer ${key}`, NOW));

    expect(problem).toMatchObject({
      code: 'unauthorized',
      message: 'The API key is unknown.',
    });
  });

  it('accepts tokens beside keys', async () => {
    const authenticate = openBeside();
    const token = await issue();

    expect(await authenticate(`Bearer ${token}`, NOW)).toMatchObject({ owner: 'user-42' });
    expect(await authenticate('Bearer mig-0123456789', NOW)).toMatchObject({ owner: 'migration' });
    expect((await problemOf(() => authenticate('Bearer mig', NOW))).code).toBe('unauthorized');
  });

  it.each(['migration', 'backend'])(
    'refuses a token whose sub is the owner of a key: %s',
    async (sub) => {
      const authenticate = openBeside();
      const token = await issue({ sub });

      for (const _again of [1, 2]) {
        expect(await problemOf(async () => authenticate(`Bearer ${token}`, NOW))).toMatchObject({
          code: 'unauthorized',
          message: expect.stringContaining('is the owner of an API key of this service'),
        });
      }
      // The name of a key that has another owner is anybody's.
      const other = await issue({ sub: 'backend-2026' });
      expect(await authenticate(`Bearer ${other}`, NOW)).toMatchObject({ owner: 'backend-2026' });
    },
  );

  it.each([
    ['keys', [], /keys must have at least one key/],
    ['none', KEYS, /keys must not be set while AUTH is none/],
  ])('throws under AUTH=%s where that contradicts the settings', (AUTH, keys, message) => {
    const create = () => createAuthenticate(readAuth({ AUTH }), keys);

    expect(create).toThrow(ConfigError);
    expect(create).toThrow(message);
    expect(create).toThrow('these settings');
  });
});
