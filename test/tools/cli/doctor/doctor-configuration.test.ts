import { describe, expect, it } from 'vitest';
import { checkConfiguration } from '../../../../tools/cli/doctor/check-configuration.ts';
import { makeSecret } from '../cli-stage.ts';
import { type Fault, SECRETS, useDoctor } from './doctor-stage.ts';

const doctor = useDoctor();
const { account, setHere, setEverywhere, setEvents, examine, expectFindings } = doctor;

function setContextKeys(keys: string): void {
  const variables = { SOURCE_CONTEXT_KEYS: keys };
  setHere({ ...variables });
  for (const [name, known] of account.deployed) account.deployed.set(name, { ...known, variables });
}

function setGrace(days: number, name = 'SOURCE_CONTEXT_V1_UNTIL'): void {
  const until = new Date(Date.now() + days * 86_400_000).toISOString();
  setHere({ [name]: until });
}

function setWebhooks(endpoints: readonly object[]): void {
  setHere({ WEBHOOK_ENDPOINTS: JSON.stringify(endpoints) });
}

const FAULTS: readonly Fault[] = [
  [
    'an unknown runtime',
    () => setHere({ RUNTIME: 'nodejs22' }),
    'configuration',
    /^RUNTIME must be Nodejs20\.19, Nodejs22\.21 or Nodejs24\.11, .* and is nodejs22\.$/,
  ],
  [
    'missing context keys',
    () => setHere({ SOURCE_CONTEXT_KEYS: '' }),
    'configuration',
    /SOURCE_CONTEXT_KEYS is not set, without which pull, callback and sweep refuse every call/,
  ],
  [
    'a context key that can be guessed',
    () => setContextKeys('example-key-example-key-example-key'),
    'secrets',
    /Key 1 of SOURCE_CONTEXT_KEYS contains a word that many use/,
  ],
  [
    'a context key that is too short',
    () => setContextKeys(makeSecret(8, 'hex')),
    'configuration',
    /SOURCE_CONTEXT_KEYS must be a comma-separated list of keys of 32 to 128 letters, digits and/,
  ],
  [
    'contexts that need no proof for some time',
    () => setGrace(30),
    'configuration',
    /Until .* nothing has to prove .* as an upload that the database knows/,
  ],
  ['a grace period that is over', () => setGrace(-1), 'configuration', /is in the past/],
  [
    'a grace period that is too long',
    () => setGrace(91),
    'configuration',
    /must be at most 90 days ahead/,
  ],
  [
    "tenants' applications that may sign with the key of the own application",
    () => setGrace(1, 'CALLBACK_SHARED_SIGN_KEY_UNTIL'),
    'configuration',
    /Until .* tenants' applications may sign with the key of the service's own/,
  ],
  [
    'a grace period for shared sign keys that is over',
    () => setGrace(-1, 'CALLBACK_SHARED_SIGN_KEY_UNTIL'),
    'configuration',
    /CALLBACK_SHARED_SIGN_KEY_UNTIL is in the past/,
  ],
  [
    'a grace period for shared sign keys that is too long',
    () => setGrace(8, 'CALLBACK_SHARED_SIGN_KEY_UNTIL'),
    'configuration',
    /CALLBACK_SHARED_SIGN_KEY_UNTIL must be at most 7 days ahead/,
  ],
  [
    'a secret that ends with a line break',
    () => setHere({ AUTH_JWT_SECRET: `${SECRETS.AUTH_JWT_SECRET}\n` }),
    'configuration',
    /signature, pull,? and uploads: .*AUTH_JWT_SECRET ends with a line break \(U\+000A\)/,
  ],
  [
    'an upload key that ends with a space',
    () => setHere({ VOD_SECRET_ID: `${doctor.environment['VOD_SECRET_ID']} ` }),
    'configuration',
    /VOD_SECRET_ID ends with a space \(U\+0020\)/,
  ],
  [
    'a missing variable',
    () => setHere({ AUTH_JWT_SECRET: '' }),
    'configuration',
    /AUTH_JWT_SECRET must/,
  ],
  [
    'an invalid webhook secret',
    () => setWebhooks([{ url: 'https://hooks.example.com/vod', secret: 'whsec_short' }]),
    'configuration',
    /callback and sweep: .*WEBHOOK_ENDPOINTS.*secret must be whsec_/,
  ],
  [
    'a webhook secret that can be guessed',
    () =>
      setWebhooks([
        {
          url: 'https://hooks.example.com/vod',
          secret: `whsec_${Buffer.from('this is my webhook secret, 2026').toString('base64')}`,
        },
      ]),
    'secrets',
    /secret of endpoint 0 of WEBHOOK_ENDPOINTS contains a word that many use/,
  ],
  [
    'a webhook secret of two endpoints',
    () =>
      setWebhooks([
        { url: 'https://hooks.example.com/vod', secret: SECRETS.webhook },
        { url: 'https://others.example.com/vod', secret: SECRETS.webhook },
      ]),
    'secrets',
    /Endpoints 0 and 1 of WEBHOOK_ENDPOINTS have the same secret/,
  ],
  [
    'a short sign key',
    () => setEverywhere({ CALLBACK_SIGN_KEYS: makeSecret(7, 'hex') }),
    'secrets',
    /Key 1 of CALLBACK_SIGN_KEYS has less than 16/,
  ],
  [
    'a token secret of one repeated letter',
    () => setEverywhere({ AUTH_JWT_SECRET: 'x'.repeat(40) }),
    'secrets',
    /AUTH_JWT_SECRET consists of few different characters/,
  ],
  [
    'a database URL of another kind of database',
    () => setHere({ DATABASE_URL: 'mysql://a:b@127.0.0.1/c' }),
    'configuration',
    /^signature, pull, callback, uploads and sweep: .*DATABASE_URL must be a URL that begins with postgres/,
  ],
  // Several checks are affected by these.
  [
    'an invalid application number',
    () => setEverywhere({ VOD_SUB_APP_ID: 'of-the-team' }),
    'configuration',
    /^signature, pull, callback, uploads and sweep: VOD_SUB_APP_ID must /,
  ],
  [
    "an invalid protocol of VOD's API",
    () => setHere({ VOD_API_PROTOCOL: 'ftp' }),
    'configuration',
    /^pull, callback, uploads and sweep: VOD_API_PROTOCOL must be /,
  ],
  [
    'an invalid event mode',
    async () => {
      await setEvents({ Mode: 'PULL' });
      setHere({ VOD_EVENT_MODE: 'poll' });
    },
    'configuration',
    /^sweep: VOD_EVENT_MODE must be PUSH or PULL\.$/,
  ],
  [
    'invalid origins',
    () => setHere({ CORS_ORIGINS: 'app.example.com' }),
    'configuration',
    /^signature, pull and uploads: CORS_ORIGINS entry 1 must /,
  ],
  [
    'an invalid sign key',
    () => setEverywhere({ CALLBACK_SIGN_KEYS: 'not a key' }),
    'configuration',
    /^callback: CALLBACK_SIGN_KEYS must be /,
  ],
  [
    'a token secret that is too short and can be guessed',
    () => setEverywhere({ AUTH_JWT_SECRET: 'secret' }),
    'configuration',
    /^signature, pull and uploads: AUTH_JWT_SECRET must have/,
  ],
];

describe('vod-upload doctor', () => {
  it.each(FAULTS)('finds %s, and nothing else', async (_, seed, check, text) => {
    await seed();
    await expectFindings(check, text);
  });

  it('reports each wrong variable once, with the functions that read it', async () => {
    setHere({
      AUTH_JWT_SECRET: '',
      VOD_SECRET_KEY: '',
      VOD_SUB_APP_ID: 'none',
    });

    const { findings } = await examine();

    expect(findings.map(({ check, text }) => `${check} of ${text.split(' must')[0]}`)).toEqual([
      'configuration of signature, pull and uploads: AUTH_JWT_SECRET',
      'configuration of signature: VOD_SECRET_KEY',
      'configuration of signature, pull, callback, uploads and sweep: VOD_SUB_APP_ID',
    ]);
  });
});

describe('checkConfiguration()', () => {
  it.each([
    ['100', 0],
    ['101', 1],
  ])('warns of more calls than VOD accepts: of %s, %i times', (calls, count) => {
    const { notes } = checkConfiguration({ VOD_CALLS_PER_SECOND: calls }, Date.now);
    const warnings = notes.filter(({ text }) => text.startsWith('VOD_CALLS_PER_SECOND is more'));

    expect(warnings.map(({ kind }) => kind)).toEqual(Array(count).fill('warning'));
  });
});
