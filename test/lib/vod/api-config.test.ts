import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../lib/config/environment.ts';
import { readPullConfig } from '../../../lib/config/pull-config.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import { thrown } from '../../support/thrown.ts';

const KEY: Environment = {
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: 'secret-key-canary',
};
const ROLE: Environment = {
  TENCENTCLOUD_SECRETID: 'AKIDrole',
  TENCENTCLOUD_SECRETKEY: 'role-key-canary',
  TENCENTCLOUD_SESSIONTOKEN: 'role-token-canary',
};

/** The part of the pull function's environment that it reads; authentication is tested elsewhere. */
function readVodApi(environment: Environment) {
  const SOURCE_CONTEXT_KEYS = 'key-of-contexts-for-an-example-alone';
  return readPullConfig({ AUTH: 'none', SOURCE_CONTEXT_KEYS, ...environment }).vodApi;
}

const problemOf = (read: () => unknown) => thrown(ConfigError, read);

describe('vodApi of readPullConfig()', () => {
  it('calls Tencent Cloud over TLS by default', () => {
    const config = readVodApi(ROLE);

    expect(config).toEqual({
      endpoint: 'vod.tencentcloudapi.com',
      protocol: 'https',
      region: undefined,
      subAppId: undefined,
      pullsPerSecond: 20,
      callsPerSecond: 80,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reads all variables', () => {
    expect(
      readVodApi({
        ...KEY,
        VOD_API_ENDPOINT: 'localhost:3000/__vod/vod.tencentcloudapi.com',
        VOD_API_PROTOCOL: 'http',
        VOD_REGION: 'ap-singapore',
        VOD_SUB_APP_ID: '1500000001',
        VOD_PULLS_PER_SECOND: '100',
        VOD_CALLS_PER_SECOND: '200',
      }),
    ).toEqual({
      endpoint: 'localhost:3000/__vod/vod.tencentcloudapi.com',
      protocol: 'http',
      region: 'ap-singapore',
      subAppId: 1_500_000_001,
      pullsPerSecond: 100,
      callsPerSecond: 200,
    });
  });

  it.each(['ap-beijing-1', 'ap-shanghai-fsi'])('accepts the region %s', (region) => {
    expect(readVodApi({ ...KEY, VOD_REGION: region })).toMatchObject({ region });
  });

  it.each([
    ['https', 'https'],
    ['https://', 'https'],
    ['http', 'http'],
    ['http://', 'http'],
  ])('accepts the protocol as %s', (given, protocol) => {
    const config = readVodApi({
      ...KEY,
      VOD_API_ENDPOINT: '127.0.0.1:3000',
      VOD_API_PROTOCOL: given,
    });

    expect(config.protocol).toBe(protocol);
  });

  it.each([
    ['VOD_API_ENDPOINT', ''],
    ['VOD_API_ENDPOINT', 'https://vod.tencentcloudapi.com'],
    ['VOD_API_ENDPOINT', 'vod.tencentcloudapi.com/'],
    ['VOD_API_ENDPOINT', 'user:canary@vod.tencentcloudapi.com'],
    ['VOD_API_ENDPOINT', 'vod.tencentcloudapi.com?canary'],
    ['VOD_API_PROTOCOL', 'ftp'],
    ['VOD_API_PROTOCOL', 'http'],
    ['VOD_REGION', 'Singapore'],
    ['VOD_SUB_APP_ID', '0'],
    ['VOD_PULLS_PER_SECOND', '0'],
    ['VOD_PULLS_PER_SECOND', '101'],
    ['VOD_PULLS_PER_SECOND', '2.5'],
    ['VOD_CALLS_PER_SECOND', '0'],
    ['VOD_CALLS_PER_SECOND', '100000'],
    ['VOD_SECRET_ID', ''],
    ['VOD_SECRET_KEY', undefined],
  ])('refuses %s=%j and names the variable without its value', (variable, value) => {
    const error = problemOf(() => readVodApi({ ...KEY, [variable]: value }));

    expect(error.variables).toEqual([variable]);
    expect(error.message).not.toContain('canary');
  });

  it('fails without an execution role and without a key', () => {
    const error = problemOf(() => readVodApi({}));

    expect(error.variables).toEqual(['VOD_SECRET_ID', 'VOD_SECRET_KEY']);
    expect(error.message).toContain(
      'VOD_SECRET_ID must be set, unless the function has an execution role',
    );
  });

  it('reports all invalid variables together', () => {
    const error = problemOf(() =>
      readVodApi({ VOD_API_ENDPOINT: '', VOD_REGION: '', VOD_SECRET_ID: 'AKIDexample' }),
    );

    expect(error.variables).toEqual(['VOD_API_ENDPOINT', 'VOD_REGION', 'VOD_SECRET_KEY']);
  });
});
