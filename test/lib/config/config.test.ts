import { describe, expect, it } from 'vitest';
import { readCallbackConfig } from '../../../lib/config/callback-config.ts';
import { checkDatabase } from '../../../lib/config/database-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { readPullConfig } from '../../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../../lib/config/signature-config.ts';
import { readUploadsConfig } from '../../../lib/config/uploads-config.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import { thrown } from '../../support/thrown.ts';

const SIGNATURE: Environment = {
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: 'secret-key-example',
  AUTH_JWT_SECRET: 'jwt-secret-example-of-at-least-32-bytes',
};

const problemOf = (read: () => unknown) => thrown(ConfigError, read);

/** A variable that nobody has replaced. */
const PLACEHOLDER = ['$', '{canary}'].join('');

describe('readSignatureConfig()', () => {
  it('reads the minimal environment', () => {
    const config = readSignatureConfig(SIGNATURE);

    expect(config).toMatchObject({
      auth: { kind: 'jwt', issuer: undefined, audiences: undefined, audienceClaim: 'aud' },
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
  ])('refuses %s=%j and names the variable without its value', (variable, value) => {
    const error = problemOf(() => readSignatureConfig({ ...SIGNATURE, [variable]: value }));

    expect(error.variables).toEqual([variable]);
    expect(error.message).toContain(variable);
    expect(error.message).not.toContain('canary');
    expect(error.message).not.toContain('example-of');
  });

  it('reports all invalid variables together', () => {
    const error = problemOf(() => readSignatureConfig({ CORS_ORIGINS: '*', AUTH: 'none' }));

    expect(error.variables).toEqual(['CORS_ORIGINS', 'VOD_SECRET_ID', 'VOD_SECRET_KEY']);
  });
});

describe('readSignatureConfig() for authentication', () => {
  const VOD: Environment = { VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'secret-key-example' };
  const URL = 'https://login.example.com/.well-known/jwks.json';
  const KEY_SET: Environment = { ...VOD, AUTH_JWKS_URL: URL, AUTH_JWT_AUDIENCE: 'vod-upload' };

  it('reads the URL of a key set', () => {
    expect(readSignatureConfig({ ...KEY_SET, AUTH: 'jwt' }).auth).toEqual({
      kind: 'jwt',
      proof: { keySetUrl: URL },
      issuer: undefined,
      audiences: ['vod-upload'],
      audienceClaim: 'aud',
      scopeClaim: undefined,
      scopePrefix: undefined,
    });
  });

  it('reads which claims of a token hold its audience and its scopes', () => {
    const environment = {
      ...KEY_SET,
      AUTH_JWT_AUDIENCE: 'web, ios,',
      AUTH_AUDIENCE_CLAIM: 'client_id',
      AUTH_SCOPE_CLAIM: 'https://example.com/permissions',
      AUTH_SCOPE_PREFIX: 'api://vod-api/',
    };

    expect(readSignatureConfig(environment).auth).toMatchObject({
      audiences: ['web', 'ios'],
      audienceClaim: 'client_id',
      scopeClaim: 'https://example.com/permissions',
      scopePrefix: 'api://vod-api/',
    });
  });

  it.each(['keys', 'none'])('reads AUTH=%s', (AUTH) => {
    expect(readSignatureConfig({ ...VOD, AUTH }).auth).toEqual({ kind: AUTH });
  });

  it.each(['http://127.0.0.1:3000/jwks', 'http://localhost/jwks', 'http://[::1]:3000/jwks', URL])(
    'accepts %s where loopback addresses are allowed',
    (url) => {
      const environment = { ...KEY_SET, AUTH_JWKS_URL: url, AUTH_JWKS_LOOPBACK: 'allow' };

      expect(readSignatureConfig(environment).auth).toMatchObject({ proof: { keySetUrl: url } });
    },
  );

  it.each<[string, Environment]>([
    ['AUTH_JWKS_URL', { AUTH_JWKS_URL: '' }],
    ['AUTH_JWKS_URL', { AUTH_JWKS_URL: 'login.example.com/canary' }],
    ['AUTH_JWKS_URL', { AUTH_JWKS_URL: 'http://login.example.com/canary' }],
    ['AUTH_JWKS_URL', { AUTH_JWKS_URL: 'http://127.0.0.1/canary' }],
    [
      'AUTH_JWKS_URL',
      { AUTH_JWKS_URL: 'http://login.example.com/canary', AUTH_JWKS_LOOPBACK: 'allow' },
    ],
    [
      'AUTH_JWKS_URL',
      { AUTH_JWKS_URL: 'http://127.0.0.1.example.com/canary', AUTH_JWKS_LOOPBACK: 'allow' },
    ],
    ['AUTH_JWKS_URL', { AUTH_JWKS_URL: 'https://user:canary@login.example.com/' }],
    ['AUTH_JWKS_URL', { AUTH_JWKS_URL: 'https://login.example.com/#canary' }],
    ['AUTH_JWKS_URL', { AUTH_JWKS_URL: 'file:///canary' }],
    ['AUTH_JWKS_LOOPBACK', { AUTH_JWKS_LOOPBACK: 'yes' }],
    ['AUTH_JWT_AUDIENCE', { AUTH_JWT_AUDIENCE: undefined }],
    ['AUTH_JWT_AUDIENCE', { AUTH_JWT_AUDIENCE: ' , ' }],
    ['AUTH_AUDIENCE_CLAIM', { AUTH_AUDIENCE_CLAIM: '' }],
    ['AUTH_AUDIENCE_CLAIM', { AUTH_AUDIENCE_CLAIM: 'canary' }],
    ['AUTH_AUDIENCE_CLAIM', { AUTH_AUDIENCE_CLAIM: 'sub' }],
    ['AUTH_SCOPE_CLAIM', { AUTH_SCOPE_CLAIM: '' }],
    ...['canary,', '["canary"]', '<canary>', PLACEHOLDER].map((claim): [string, Environment] => [
      'AUTH_SCOPE_CLAIM',
      { AUTH_SCOPE_CLAIM: claim },
    ]),
    ['AUTH_SCOPE_PREFIX', { AUTH_SCOPE_PREFIX: PLACEHOLDER }],
    ...[
      ...['https://canary/,https://b/', 'https://canary/,', 'https://canary/ https://b/'],
      ...['["https://canary/"]', '<canary>', `https://${PLACEHOLDER}/`],
    ].map((issuer): [string, Environment] => ['AUTH_JWT_ISSUER', { AUTH_JWT_ISSUER: issuer }]),
    ...['canary b', 'canary;b', '["canary"]', '<canary>', PLACEHOLDER].map(
      (audience): [string, Environment] => ['AUTH_JWT_AUDIENCE', { AUTH_JWT_AUDIENCE: audience }],
    ),
    ...['"AKIDcanary', 'AKID canary', 'АKIDcanary', 'ＡＫＩＤcanary', '<canary>', 'canary,'].map(
      (id): [string, Environment] => ['VOD_SECRET_ID', { VOD_SECRET_ID: id }],
    ),
    ...[
      'canary"',
      'canary key',
      'ключ-canary',
      '<canary>',
      'canary,',
      'AKIDcanary',
      'IKIDcanary',
    ].map((key): [string, Environment] => ['VOD_SECRET_KEY', { VOD_SECRET_KEY: key }]),
    ['VOD_PREVIOUS_SECRET_KEY', { VOD_PREVIOUS_SECRET_KEY: 'AKIDcanary' }],
    ['AUTH_SCOPE_CLAIM', { AUTH_SCOPE_CLAIM: 'user_metadata.canary' }],
    ['AUTH_SCOPE_CLAIM', { AUTH_SCOPE_CLAIM: 'user.unsafe_metadata.canary' }],
    ['AUTH_SCOPE_PREFIX', { AUTH_SCOPE_PREFIX: '' }],
    ['AUTH_SCOPE_PREFIX', { AUTH_SCOPE_PREFIX: 'canary' }],
    ['AUTH_SCOPE_PREFIX', { AUTH_SCOPE_PREFIX: 'a canary/' }],
    ['AUTH_SCOPE_PREFIX', { AUTH_SCOPE_PREFIX: '"canary/' }],
    ['AUTH_SCOPE_PREFIX', { AUTH_SCOPE_PREFIX: 'canary"' }],
    ['AUTH_SCOPE_PREFIX', { AUTH_SCOPE_PREFIX: 'canary/\n' }],
    ['AUTH_JWKS_URL', { AUTH_JWT_SECRET: 'jwt-secret-example-of-at-least-32-bytes' }],
    ['AUTH', { AUTH: 'none' }],
    ['AUTH', { AUTH: 'keys' }],
    ['AUTH', { AUTH: 'jwks' }],
    ['AUTH_JWT_SECRET', { AUTH_JWKS_URL: undefined }],
    ['AUTH_JWT_SECRET', { AUTH_JWKS_URL: undefined, AUTH: 'jwt' }],
  ])('reports %s for the environment %j', (variable, environment) => {
    const error = problemOf(() => readSignatureConfig({ ...KEY_SET, ...environment }));

    expect(error.variables).toEqual([variable]);
    expect(error.message).not.toContain('canary');
  });

  it('requires AUTH_JWT_AUDIENCE if AUTH_AUDIENCE_CLAIM is set', () => {
    const secret = { AUTH_JWT_SECRET: 'jwt-secret-example-of-at-least-32-bytes' };
    const read = () => readSignatureConfig({ ...VOD, ...secret, AUTH_AUDIENCE_CLAIM: 'client_id' });

    expect(problemOf(read).variables).toEqual(['AUTH_JWT_AUDIENCE']);
  });

  it('explains what to set if no authentication is configured', () => {
    expect(problemOf(() => readSignatureConfig(VOD)).message).toBe(
      'Cannot serve with this environment: AUTH_JWT_SECRET must be set, or AUTH_JWKS_URL; or AUTH must be keys, which takes the API keys of the settings alone, or none, which lets anyone upload',
    );
  });
});

describe('readPullConfig()', () => {
  const PULL: Environment = { AUTH: 'none', VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'key' };

  it('allows all public hosts on the default ports by default', () => {
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
  ])('refuses %s=%j and names the variable', (variable, value) => {
    const error = problemOf(() => readPullConfig({ ...PULL, [variable]: value }));

    expect(error.variables).toEqual([variable === 'AUTH' ? 'AUTH_JWT_SECRET' : variable]);
  });
});

describe('readCallbackConfig()', () => {
  const CALLBACK: Environment = {
    CALLBACK_SIGN_KEYS: 'new1, old2',
    VOD_SECRET_ID: 'AKIDexample',
    VOD_SECRET_KEY: 'secret-key-example',
  };

  it('reads several sign keys, and needs neither a ledger nor targets', () => {
    expect(readCallbackConfig(CALLBACK)).toMatchObject({
      signKeys: ['new1', 'old2'],
      vodApi: { endpoint: 'vod.tencentcloudapi.com', protocol: 'https' },
      databaseUrl: undefined,
      delivery: { endpoints: [], eventBus: undefined },
    });
  });

  it('reports all variables that are missing to confirm notifications', () => {
    const error = problemOf(() => readCallbackConfig({ DATABASE_URL: 'mysql://canary@db/vod' }));

    expect([...error.variables].sort()).toEqual([
      'CALLBACK_SIGN_KEYS',
      'DATABASE_URL',
      'SOURCE_CONTEXT_KEYS',
      'VOD_SECRET_ID',
      'VOD_SECRET_KEY',
    ]);
    expect(error.message).not.toContain('canary');
  });

  it('refuses invalid webhook endpoints', () => {
    const error = problemOf(() => readCallbackConfig({ ...CALLBACK, WEBHOOK_ENDPOINTS: '{' }));

    expect(error.variables).toEqual(['WEBHOOK_ENDPOINTS']);
  });
});

describe('DATABASE_URL', () => {
  const readers = [readSignatureConfig, readPullConfig, readUploadsConfig];
  const read = (value: string | undefined) =>
    readers.map((reader) => reader({ ...SIGNATURE, DATABASE_URL: value }).databaseUrl);

  it('is optional', () => {
    expect(read(undefined)).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    'postgres://user:p%40ss@db.example.com:5432/uploads?sslmode=require',
    'postgresql://db.example.com/uploads',
    'postgres://127.0.0.1:5432',
  ])('accepts %s', (url) => {
    expect(read(url)).toEqual([url, url, url]);
  });

  it.each([
    '',
    'canary',
    'mysql://user:canary@db.example.com/uploads',
    'jdbc:postgresql://db.example.com/uploads?user=user&password=canary',
    "psql 'postgres://user:canary@db.example.com/uploads'",
    '"postgres://user:canary@db.example.com/uploads"',
    'host=db.example.com password=canary',
  ])('is refused as %j without quoting the value', (value) => {
    for (const reader of readers) {
      const error = problemOf(() => reader({ ...SIGNATURE, DATABASE_URL: value }));

      expect(error.variables).toEqual(['DATABASE_URL']);
      expect(error.message).not.toMatch(/can ?ary/);
    }
  });

  it.each([
    'postgres:///uploads?password=canary',
    'postgres://user:canary@:5432/uploads',
    'postgres://user:can ary@db:port/uploads',
  ])('is refused as %j when it is parsed', async (value) => {
    const config = readUploadsConfig({ ...SIGNATURE, DATABASE_URL: value });
    const error = await Promise.resolve(checkDatabase(config)).catch((reason) => reason);

    expect(error).toBeInstanceOf(ConfigError);
    expect(error.variables).toEqual(['DATABASE_URL']);
    expect(error.message).not.toMatch(/can ?ary/);
  });

  it('is not parsed if it is not set', () => {
    expect(checkDatabase({ databaseUrl: undefined, databaseCa: 'x' })).toBeUndefined();
  });

  it('is reported together with all other invalid variables', () => {
    const error = problemOf(() => readUploadsConfig({ DATABASE_URL: 'x', CORS_ORIGINS: '*' }));

    expect([...error.variables].sort()).toEqual([
      'AUTH_JWT_SECRET',
      'CORS_ORIGINS',
      'DATABASE_URL',
    ]);
  });
});
