import { describe, expect, it } from 'vitest';
import { makeSecret } from './cli-stage.ts';
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
    'a runtime that is none',
    () => setHere({ RUNTIME: 'nodejs22' }),
    'configuration',
    /^RUNTIME must be Nodejs20\.19, Nodejs22\.21 or Nodejs24\.11, .* and is nodejs22\.$/,
  ],
  [
    'no context keys',
    () => setHere({ SOURCE_CONTEXT_KEYS: '' }),
    'configuration',
    /SOURCE_CONTEXT_KEYS is not set, without which pull, callback and sweep serve nobody/,
  ],
  [
    'a context key that can be guessed',
    () => setContextKeys('example-key-example-key-example-key'),
    'secrets',
    /Key 1 of SOURCE_CONTEXT_KEYS has a word in it/,
  ],
  [
    'a context key that is too short',
    () => setContextKeys(makeSecret(8, 'hex')),
    'configuration',
    /SOURCE_CONTEXT_KEYS must be keys of 32 to 128 letters, digits and/,
  ],
  [
    'contexts that need no proof for a while',
    () => setGrace(30),
    'configuration',
    /Until .* nothing has to prove .* as an upload that the database knows/,
  ],
  ['a grace that is over', () => setGrace(-1), 'configuration', /lies in the past/],
  ['a grace without an end', () => setGrace(91), 'configuration', /must be at most 90 days ahead/],
  [
    "tenants' applications that may have the key of the own one",
    () => setGrace(1, 'CALLBACK_SHARED_SIGN_KEY_UNTIL'),
    'configuration',
    /Until .* tenants' applications may sign with the key of the service's own/,
  ],
  [
    'such a grace that is over',
    () => setGrace(-1, 'CALLBACK_SHARED_SIGN_KEY_UNTIL'),
    'configuration',
    /CALLBACK_SHARED_SIGN_KEY_UNTIL lies in the past/,
  ],
  [
    'such a grace without an end',
    () => setGrace(8, 'CALLBACK_SHARED_SIGN_KEY_UNTIL'),
    'configuration',
    /CALLBACK_SHARED_SIGN_KEY_UNTIL must be at most 7 days ahead/,
  ],
  [
    'a secret with the end of a line behind it',
    () => setHere({ AUTH_JWT_SECRET: `${SECRETS.AUTH_JWT_SECRET}\n` }),
    'configuration',
    /signature, pull,? and uploads: .*AUTH_JWT_SECRET ends with a line break \(U\+000A\)/,
  ],
  [
    'a key that uploads with a space behind it',
    () => setHere({ VOD_SECRET_ID: `${doctor.environment['VOD_SECRET_ID']} ` }),
    'configuration',
    /VOD_SECRET_ID ends with a space \(U\+0020\)/,
  ],
  [
    'a variable that is missing',
    () => setHere({ AUTH_JWT_SECRET: '' }),
    'configuration',
    /AUTH_JWT_SECRET must/,
  ],
  [
    'a webhook secret that is none',
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
    /secret of endpoint 0 of WEBHOOK_ENDPOINTS has a word in it/,
  ],
  [
    'a webhook secret for two',
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
    'a token secret of one letter',
    () => setEverywhere({ AUTH_JWT_SECRET: 'x'.repeat(40) }),
    'secrets',
    /AUTH_JWT_SECRET consists of few different characters/,
  ],
  [
    'an address of something else than a database',
    () => setHere({ DATABASE_URL: 'mysql://a:b@127.0.0.1/c' }),
    'configuration',
    /^signature, pull, callback, uploads and sweep: .*DATABASE_URL must be a URL that begins with postgres/,
  ],
  // Several checks see something of these.
  [
    'a number of an application that is none',
    () => setEverywhere({ VOD_SUB_APP_ID: 'of-the-team' }),
    'configuration',
    /^signature, pull, callback and sweep: VOD_SUB_APP_ID must /,
  ],
  [
    'an address of VOD that is none',
    () => setHere({ VOD_API_PROTOCOL: 'ftp' }),
    'configuration',
    /^pull, callback and sweep: VOD_API_PROTOCOL must be /,
  ],
  [
    'a mode that is none',
    async () => {
      await setEvents({ Mode: 'PULL' });
      setHere({ VOD_EVENT_MODE: 'poll' });
    },
    'configuration',
    /^sweep: VOD_EVENT_MODE must be PUSH or PULL\.$/,
  ],
  [
    'origins that are none',
    () => setHere({ CORS_ORIGINS: 'app.example.com' }),
    'configuration',
    /^signature, pull and uploads: CORS_ORIGINS entry 1 must /,
  ],
  [
    'a sign key that is none',
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

  it('describes each variable that is wrong once, with the functions that read it', async () => {
    setHere({
      AUTH_JWT_SECRET: '',
      VOD_SECRET_KEY: '',
      VOD_SUB_APP_ID: 'none',
    });

    const { findings } = await examine();

    expect(findings.map(({ check, text }) => `${check} of ${text.split(' must')[0]}`)).toEqual([
      'configuration of signature, pull and uploads: AUTH_JWT_SECRET',
      'configuration of signature: VOD_SECRET_KEY',
      'configuration of signature, pull, callback and sweep: VOD_SUB_APP_ID',
    ]);
  });
});
