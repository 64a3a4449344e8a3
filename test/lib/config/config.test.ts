import { describe, expect, it } from 'vitest';
import { readCallbackConfig } from '../../../lib/config/callback-config.ts';
import { ConfigError, type Environment } from '../../../lib/config/environment.ts';
import { readPullConfig } from '../../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../../lib/config/signature-config.ts';

const SIGNATURE: Environment = {
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: 'secret-key-example',
  AUTH_JWT_SECRET: 'jwt-secret-example-of-at-least-32-bytes',
};

function problemOf(read: () => unknown): ConfigError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error('Nothing was refused');
}

describe('readSignatureConfig()', () => {
  it('reads the least that is needed', () => {
    const config = readSignatureConfig(SIGNATURE);

    expect(config).toMatchObject({
      auth: { kind: 'jwt', issuer: undefined, audience: undefined },
      corsOrigins: [],
      secretId: 'AKIDexample',
      previousSecretKey: undefined,
      subAppId: undefined,
    });
    expect(config.secretKey.export().toString()).toBe('secret-key-example');
    expect(Object.isFrozen(config)).toBe(true);
  });

  it.each([
    ['VOD_SECRET_ID', undefined],
    ['VOD_SECRET_ID', ''],
    ['VOD_SECRET_KEY', undefined],
    ['VOD_SECRET_KEY', ''],
    ['VOD_PREVIOUS_SECRET_KEY', ''],
    ['VOD_SUB_APP_ID', 'main'],
    ['VOD_SUB_APP_ID', '0'],
    ['VOD_SUB_APP_ID', '-1'],
    ['AUTH', 'basic'],
    ['AUTH', 'none'],
    ['AUTH_JWT_SECRET', undefined],
    ['AUTH_JWT_SECRET', 'canary'],
    ['AUTH_JWT_ISSUER', ''],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['CORS_ORIGINS', 'app.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com, canary'],
  ])('refuses %s=%j, by name alone', (variable, value) => {
    const error = problemOf(() => readSignatureConfig({ ...SIGNATURE, [variable]: value }));

    expect(error.variables).toEqual([variable]);
    expect(error.message).toContain(variable);
    expect(error.message).not.toContain('canary');
    expect(error.message).not.toContain('example-of');
  });

  it('names every variable that is wrong at once', () => {
    const error = problemOf(() => readSignatureConfig({ CORS_ORIGINS: '*', AUTH: 'none' }));

    expect(error.variables).toEqual(['CORS_ORIGINS', 'VOD_SECRET_ID', 'VOD_SECRET_KEY']);
  });
});

describe('readPullConfig()', () => {
  const PULL: Environment = { AUTH: 'none', VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'key' };

  it('allows every public host on the default ports where nothing is said', () => {
    expect(readPullConfig(PULL).urlPolicy).toEqual({ hosts: undefined, ports: undefined });
  });

  it('reads hosts and ports', () => {
    const { urlPolicy } = readPullConfig({
      ...PULL,
      PULL_HOSTS: 'media.example.com, *.cdn.example.com',
      PULL_PORTS: '8443,8080',
    });

    expect(urlPolicy).toEqual({
      hosts: ['media.example.com', '*.cdn.example.com'],
      ports: [8443, 8080],
    });
  });

  it.each([
    ['PULL_HOSTS', ''],
    ['PULL_HOSTS', '*'],
    ['PULL_HOSTS', 'https://media.example.com'],
    ['PULL_PORTS', '0'],
    ['PULL_PORTS', '65536'],
    ['PULL_PORTS', 'https'],
    ['VOD_PULLS_PER_SECOND', '101'],
    ['AUTH', undefined],
  ])('refuses %s=%j by name', (variable, value) => {
    const error = problemOf(() => readPullConfig({ ...PULL, [variable]: value }));

    expect(error.variables).toEqual([variable === 'AUTH' ? 'AUTH_JWT_SECRET' : variable]);
  });
});

describe('readCallbackConfig()', () => {
  it('reads several keys', () => {
    expect(readCallbackConfig({ CALLBACK_SIGN_KEYS: 'new1, old2' }).signKeys).toEqual([
      'new1',
      'old2',
    ]);
  });
});
