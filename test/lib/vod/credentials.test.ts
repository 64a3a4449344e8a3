import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../lib/config-error.ts';
import { readVodCredentials } from '../../../lib/vod/credentials.ts';
import { thrown } from '../../support/thrown.ts';

const KEY = { VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'secret-key-canary' };
const ROLE = {
  TENCENTCLOUD_SECRETID: 'AKIDrole',
  TENCENTCLOUD_SECRETKEY: 'role-key-canary',
  TENCENTCLOUD_SESSIONTOKEN: 'role-token-canary',
};

describe('readVodCredentials()', () => {
  it('prefers the execution role over the key', () => {
    expect(readVodCredentials({ ...KEY, ...ROLE })).toEqual({
      secretId: 'AKIDrole',
      secretKey: 'role-key-canary',
      token: 'role-token-canary',
    });
  });

  it.each(Object.keys(ROLE))('uses the key if the role has no %s', (variable) => {
    expect(readVodCredentials({ ...KEY, ...ROLE, [variable]: undefined })).toEqual({
      secretId: 'AKIDexample',
      secretKey: 'secret-key-canary',
      token: undefined,
    });
    expect(readVodCredentials({ ...KEY, ...ROLE, [variable]: '' }).token).toBeUndefined();
  });

  it('throws without credentials, and quotes no value', () => {
    const error = thrown(ConfigError, () =>
      readVodCredentials({ ...ROLE, TENCENTCLOUD_SESSIONTOKEN: undefined }),
    );

    expect(error.variables).toEqual(['VOD_SECRET_ID', 'VOD_SECRET_KEY']);
    expect(error.message).not.toContain('canary');
  });
});
