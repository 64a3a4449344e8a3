import { describe, expect, it } from 'vitest';
import { readCallbackConfig } from '../../../lib/config/callback-config.ts';
import { readDeliveryConfig } from '../../../lib/config/delivery-config.ts';
import { type Environment, findStrayCharacters } from '../../../lib/config/environment.ts';
import { readPullConfig } from '../../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../../lib/config/signature-config.ts';
import { readSweepConfig } from '../../../lib/config/sweep-config.ts';
import { readUploadsConfig } from '../../../lib/config/uploads-config.ts';
import { ConfigError } from '../../../lib/config-error.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const ENDPOINTS = JSON.stringify([{ url: 'https://a.example.com/', secret: SECRET }]);

/** Each function, with an environment that it accepts. */
const READERS: readonly (readonly [string, (e: Environment) => unknown, Environment])[] = [
  [
    'signature',
    readSignatureConfig,
    {
      ...{ VOD_SECRET_ID: 'AKIDcanary', VOD_SECRET_KEY: 'canary' },
      ...{ VOD_PREVIOUS_SECRET_KEY: 'canary', VOD_SUB_APP_ID: '1500000001' },
      ...{ AUTH_JWT_SECRET: 'canary'.repeat(6), AUTH: 'jwt' },
      ...{ AUTH_JWT_ISSUER: 'https://canary.example.com/', AUTH_JWT_AUDIENCE: 'canary' },
      DATABASE_URL: 'postgres://user:canary@db.example.com/vod',
    },
  ],
  [
    'uploads',
    readUploadsConfig,
    { AUTH_JWKS_URL: 'https://canary.example.com/jwks.json', AUTH_JWT_AUDIENCE: 'canary' },
  ],
  [
    'pull',
    readPullConfig,
    {
      ...{ AUTH: 'none', VOD_SECRET_ID: 'AKIDcanary', VOD_SECRET_KEY: 'canary' },
      ...{ VOD_PULLS_PER_SECOND: '20', VOD_REGION: 'ap-seoul' },
      ...{ VOD_API_ENDPOINT: 'canary.example.com', VOD_API_PROTOCOL: 'https' },
    },
  ],
  [
    'pull with the credentials of its role',
    readPullConfig,
    {
      ...{ AUTH: 'none', SOURCE_CONTEXT_KEYS: 'canary'.repeat(6) },
      ...{ TENCENTCLOUD_SECRETID: 'canary', TENCENTCLOUD_SECRETKEY: 'canary' },
      TENCENTCLOUD_SESSIONTOKEN: 'canary',
    },
  ],
  [
    'callback',
    readCallbackConfig,
    { VOD_SECRET_ID: 'AKIDcanary', VOD_SECRET_KEY: 'canary', CALLBACK_SIGN_KEYS: 'canary' },
  ],
  [
    'callback with targets',
    readDeliveryConfig,
    {
      ...{ VOD_SECRET_ID: 'AKIDcanary', VOD_SECRET_KEY: 'canary', WEBHOOK_ENDPOINTS: ENDPOINTS },
      ...{ EVENT_BUS_ID: 'eb-canary', EVENT_BUS_REGION: 'ap-seoul', EVENT_BUS_EVENTS: '*' },
    },
  ],
  [
    'sweep',
    readSweepConfig,
    {
      ...{ VOD_SECRET_ID: 'AKIDcanary', VOD_SECRET_KEY: 'canary', VOD_EVENT_MODE: 'PULL' },
      DATABASE_URL: 'postgres://user:canary@db.example.com/vod',
    },
  ],
];

/** Variables whose values are separated by white space, so that more white space around them is no mistake. */
const LISTS = [
  'SOURCE_CONTEXT_KEYS',
  'CALLBACK_SIGN_KEYS',
  'WEBHOOK_ENDPOINTS',
  'EVENT_BUS_EVENTS',
];

const spoil = {
  'a line break at the end': (value: string) => `${value}\n`,
  'a Windows line break at the end': (value: string) => `${value}\r\n`,
  'a carriage return at the end': (value: string) => `${value}\r`,
  'a space at the end': (value: string) => `${value} `,
  'a space at the start': (value: string) => ` ${value}`,
  'a tab at the start': (value: string) => `\t${value}`,
};
const spoilLists = {
  'a byte order mark at the start': (value: string) => `\ufeff${value}`,
  'a no-break space at the end': (value: string) => `${value}\u00a0`,
  'a zero-width space at the end': (value: string) => `${value}\u200b`,
  'a zero-width space inside': (value: string) => `${value.slice(0, 1)}\u200b${value.slice(1)}`,
  'quotation marks around': (value: string) => `"${value}"`,
};

const cases = READERS.flatMap(([name, read, environment]) =>
  Object.entries(environment).flatMap(([variable, value = '']) => {
    const ways = LISTS.includes(variable) ? spoilLists : { ...spoil, ...spoilLists };
    return Object.entries(ways).map(([how, change]) => {
      const stray = { ...environment, [variable]: change(value) };
      return { name, variable, how, attempt: () => read(stray) };
    });
  }),
);

describe('a variable with a stray character from copying', () => {
  it.each(READERS)('does not occur in the valid environment of %s', (_name, read, environment) => {
    expect(() => read(environment)).not.toThrow();
  });

  it.each(cases)(
    'is refused with a message that names it alone: $name, $variable with $how',
    ({ attempt, variable }) => {
      let error: unknown;
      try {
        attempt();
      } catch (thrown) {
        error = thrown;
      }
      if (!(error instanceof ConfigError)) throw new Error('Nothing was refused');

      expect(error.variables).toEqual([variable]);
      expect(error.message).not.toContain('canary');
      expect(error.message).toMatch(
        /(?:begins with|ends with|has in it|is in) .+; write it without$/,
      );
    },
  );

  it.each(LISTS)('may have white space around its items if it is a list: %s', (variable) => {
    const readers = READERS.filter(([, , environment]) => variable in environment);

    expect(readers).toHaveLength(1);
    for (const [, read, environment] of readers) {
      const spaced = { ...environment, [variable]: `\r\n  ${environment[variable]}\t\r\n` };
      expect(() => read(spaced)).not.toThrow();
    }
  });

  it('is reported once, together with other mistakes', () => {
    const environment = { VOD_SECRET_ID: 'AKID\n', VOD_SUB_APP_ID: ' 15', AUTH: 'basic' };

    expect(() => readSignatureConfig(environment)).toThrow(
      expect.objectContaining({
        variables: ['VOD_SECRET_ID', 'VOD_SUB_APP_ID', 'AUTH', 'VOD_SECRET_KEY'],
      }),
    );
  });

  it('is reported by its path inside another variable', () => {
    const secret = `${SECRET}\\n`;
    const text = `[{"url":"https://a.example.com/","secret":"${secret}"}]`;

    expect(() => readDeliveryConfig({ WEBHOOK_ENDPOINTS: text })).toThrow(
      expect.objectContaining({ variables: ['WEBHOOK_ENDPOINTS.0.secret'] }),
    );
  });
});

describe('findStrayCharacters()', () => {
  it.each([
    ['secret\n', 'ends with a line break (U+000A); write it without'],
    ['secret\r\n', 'ends with a line break (U+000A); write it without'],
    ['secret\r', 'ends with a carriage return (U+000D); write it without'],
    ['secret ', 'ends with a space (U+0020); write it without'],
    ['\tsecret', 'begins with a tab (U+0009); write it without'],
    [' ', 'begins with a space (U+0020); write it without'],
    ['\ufeffsecret', 'begins with an invisible character (U+FEFF); write it without'],
    ['secret\u200b', 'ends with an invisible character (U+200B); write it without'],
    ['secret\u3000', 'ends with an invisible character (U+3000); write it without'],
    ['sec\u00a0ret', 'has in it an invisible character (U+00A0); write it without'],
    ['sec\u2060ret', 'has in it an invisible character (U+2060); write it without'],
    ['sec\u3164ret', 'has in it an invisible character (U+3164); write it without'],
    ['sec\u{e0041}ret', 'has in it an invisible character (U+E0041); write it without'],
    ['sec\nret', 'has in it a line break (U+000A); write it without'],
    ['sec\0ret', 'has in it an invisible character (U+0000); write it without'],
    ['"secret"', 'is in quotation marks; write it without'],
    ["'secret'", 'is in quotation marks; write it without'],
    ['“secret”', 'is in quotation marks; write it without'],
    ['"sec\nret"', 'is in quotation marks; write it without'],
  ])('describes what it found in %j', (value, message) => {
    expect(findStrayCharacters({ VOD_SECRET_KEY: value })).toEqual([
      { variable: 'VOD_SECRET_KEY', message },
    ]);
  });

  it.each([
    undefined,
    '',
    'secret',
    'a pass phrase of several words',
    '비밀 문구',
    'a"b',
    '"',
    "'tis",
    '[{"a":"b"}]',
    '!@#$%^&*()',
  ])('finds nothing in %j', (value) => {
    expect(findStrayCharacters({ AUTH_JWT_SECRET: value })).toEqual([]);
  });

  it('accepts line breaks in a list, JSON and a certificate', () => {
    const lines = 'one,\r\n  two,\n\tthree\n';

    expect(
      findStrayCharacters({ CORS_ORIGINS: lines, PULL_HOSTS: lines, DATABASE_CA: lines }),
    ).toEqual([]);
    expect(findStrayCharacters({ CORS_ORIGINS: 'one,\u00a0two' })).toHaveLength(1);
  });
});
