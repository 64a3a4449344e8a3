import { generateKeyPairSync } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { exportSPKI } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Authenticate, createAuthenticate } from '../../../lib/auth/authenticate.ts';
import { readSignatureConfig } from '../../../lib/config/signature-config.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import { Problem } from '../../../lib/problem.ts';
import {
  createIssuerKey,
  describeKey,
  type Issuer,
  issueToken,
  startIssuer,
} from '../../support/issuer.ts';

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0) / 1_000;
const CLAIMS = { sub: 'user-42', scope: 'upload:sign', aud: 'vod-upload', exp: NOW + 10_000 };

const key = createIssuerKey('first', 'ES256');

let issuer: Issuer;
let authenticate: Authenticate;
let serial = 0;

beforeEach(async () => {
  issuer = await startIssuer();
  await issuer.publish(key);
  const { auth } = readSignatureConfig({
    ...{ VOD_SECRET_ID: 'A', VOD_SECRET_KEY: 'k', AUTH_JWKS_URL: issuer.keySetUrl },
    ...{ AUTH_JWKS_LOOPBACK: 'allow', AUTH_JWT_AUDIENCE: 'vod-upload' },
  });
  authenticate = createAuthenticate(auth, []);
});

afterEach(() => issuer.close());

/** Authenticates with a token that was not seen before. */
async function call(seconds = 0, signer = key): Promise<unknown> {
  serial += 1;
  const token = await issueToken(signer, { ...CLAIMS, jti: `${serial}` });
  return authenticate(`Bearer ${token}`, NOW + seconds);
}

async function failureOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing failed');
}

type Reply = (response: ServerResponse) => void;

function json(value: unknown): Reply {
  return (response) =>
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value));
}

function text(body: string, status = 200, headers = {}): Reply {
  return (response) => response.writeHead(status, headers).end(body);
}

const DISCOVERY = {
  issuer: 'https://login.example.com/',
  authorization_endpoint: 'https://login.example.com/authorize',
  jwks_uri: 'https://login.example.com/keys?p=b2c_1_sign_in',
};
const WHERE = /names as jwks_uri/;

/** A private key in JSON. */
function privateKey(): object {
  return { ...key.privateKey.export({ format: 'jwk' }), kid: key.kid };
}

function shortKey(): object {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
  return { ...publicKey.export({ format: 'jwk' }), kid: key.kid, alg: 'RS256' };
}

/** What the address returns, how it answers, what the log says about it and what it suggests. */
type Wrong = readonly [
  name: string,
  reply: () => Reply | Promise<Reply>,
  what: RegExp,
  instead: RegExp,
];

function redirect(status: number): Wrong {
  return [
    `${status}`,
    () => text('', status, { Location: 'https://www.example.com/keys?state=canary' }),
    new RegExp(`redirects \\(${status}\\)`),
    /itself, perhaps https:\/\/www\.example\.com\/keys$/,
  ];
}

/** Sends more than any client reads. */
function sendWithoutEnd(response: ServerResponse): void {
  const more = () => {
    while (response.write('x'.repeat(16_384)));
  };
  response.on('drain', more);
  more();
}

const WRONG: readonly Wrong[] = [
  [
    'a discovery document',
    () => json(DISCOVERY),
    /returns the issuer's discovery document/,
    /set it to https:\/\/login\.example\.com\/keys\?p=b2c_1_sign_in$/,
  ],
  ...[
    'http://canary.example.com/keys',
    'https://canary@login.example.com/keys',
    'https://:canary@login.example.com/keys',
    'https://login.example.com/#canary',
    'https://login.example.com/\ncanary',
    ' https://login.example.com/canary',
    'https://%/canary',
    ['https://login.example.com/canary'],
  ].map(
    (jwks_uri): Wrong => [
      `a discovery document with ${JSON.stringify(jwks_uri)}`,
      () => json({ ...DISCOVERY, jwks_uri }),
      /discovery document/,
      /set it to the jwks_uri in it, an https address$/,
    ],
  ),
  ['a web page', () => text('\n<!doctype html><title>canary</title>'), /returns a web page/, WHERE],
  ['plain text', () => text('canary'), /not JSON/, WHERE],
  ['an empty body', () => text(''), /not JSON/, WHERE],
  ['truncated JSON', () => text('{"keys":['), /not JSON/, WHERE],
  ['other JSON', () => json({ canary: [] }), /JSON without the list "keys"/, WHERE],
  ['keys that are not a list', () => json({ keys: {} }), /JSON without the list "keys"/, WHERE],
  ['a list', () => json([]), /no key set/, WHERE],
  ['null', () => json(null), /no key set/, WHERE],
  ['a single key', async () => json(await describeKey(key)), /a single key/, WHERE],
  [
    'certificates by name, as Firebase publishes them',
    () => json({ a1: 7, a2: '-----BEGIN CERTIFICATE-----\ncanary' }),
    /certificates or a key in PEM/,
    /service_accounts\/v1\/jwk\/securetoken/,
  ],
  ['a key in PEM', async () => text(await exportSPKI(key.publicKey)), /PEM/, WHERE],
  ['no keys', () => json({ keys: [] }), /an empty key set/, /AUTH_JWT_SECRET/],
  [
    'a shared secret',
    () => json({ keys: [{ kty: 'oct', k: 'canary', alg: 'HS256' }] }),
    /without a public key for one of RS256, RS384, /,
    /AUTH_JWT_SECRET/,
  ],
  ...[{ use: 'enc' }, { alg: 'RSA-OAEP' }, { key_ops: ['encrypt'] }, { key_ops: 'verify' }].map(
    (other): Wrong => [
      `a key for ${JSON.stringify(other)}`,
      async () => json({ keys: [{ ...(await describeKey(key)), ...other }] }),
      /without a public key/,
      WHERE,
    ],
  ),
  [
    'an invalid key',
    () => json({ keys: [{ kty: 'RSA', n: 'canary' }, 7] }),
    /without a public key/,
    WHERE,
  ],
  ['a key that is too short', () => json({ keys: [shortKey()] }), /without a public key/, WHERE],
  ['a private key', () => json({ keys: [7, privateKey()] }), /private keys/, /new public keys/],
  ['404', () => text('canary', 404), /answers 404/, WHERE],
  ['401', () => text('canary', 401), /answers 401/, WHERE],
  ['400', () => text('canary', 400), /answers 400/, WHERE],
  ['204', () => text('', 204), /answers 204/, WHERE],
  ...[300, 301, 302, 303, 307, 308].map(redirect),
  [
    '302 to http',
    () => text('', 302, { Location: 'http://canary.example.com/' }),
    /redirects/,
    /itself$/,
  ],
  ['302 without a Location', () => text('', 302), /redirects/, /itself$/],
  ['302 to an invalid URL', () => text('', 302, { Location: 'https://%' }), /redirects/, /itself$/],
  ['an endless body', () => sendWithoutEnd, /more than 262144 bytes/, WHERE],
  [
    'a body larger than any key set',
    () => text(' '.repeat(300_000)),
    /more than 262144 bytes/,
    WHERE,
  ],
];

describe('an AUTH_JWKS_URL that is permanently wrong', () => {
  it.each(WRONG)('is reported as a configuration error for %s', async (_, reply, what, instead) => {
    issuer.respond = await reply();

    const error = await failureOf(() => call());

    if (!(error instanceof ConfigError)) throw error;
    expect(error.variables).toEqual(['AUTH_JWKS_URL']);
    expect(error.message).toMatch(what);
    expect(error.message).toMatch(instead);
    expect(error.message).not.toContain('canary');
    expect(error.message).not.toContain('127.0.0.1');
  });

  it('is requested again after five seconds, not earlier', async () => {
    issuer.respond = text('', 404);
    for (const seconds of [0, 1, 2, 3, 4]) await failureOf(() => call(seconds));
    await Promise.all(Array.from({ length: 20 }, () => failureOf(() => call(4))));
    expect(issuer.requests).toHaveLength(1);

    issuer.respond = undefined;

    expect(await failureOf(() => call(4))).toBeInstanceOf(ConfigError);
    expect(await call(5)).toMatchObject({ owner: 'user-42' });
    expect(issuer.requests).toHaveLength(2);
  });

  it('does not affect keys that were fetched before until they are 15 minutes old', async () => {
    await call();
    issuer.respond = json(DISCOVERY);

    expect(await call(899)).toMatchObject({ owner: 'user-42' });
    expect(await failureOf(() => call(900))).toBeInstanceOf(ConfigError);
  });

  it('is not reported as an invalid token if the signing key may be new', async () => {
    await call();
    issuer.respond = text('', 404);
    const other = createIssuerKey('other', 'ES256');

    expect(await failureOf(() => call(60, other))).toBeInstanceOf(ConfigError);
  });
});

describe('an AUTH_JWKS_URL that is right', () => {
  it('may return other keys that cannot be used here', async () => {
    const good = await describeKey(key);
    const others = [
      { ...good, kid: 'enc', use: 'enc', alg: 'RSA-OAEP' },
      { kty: 'AKP', alg: 'ML-DSA-44', kid: 'pq', pub: 'AA' },
      { kty: 'oct', k: 'AAAA', kid: 'secret' },
      { kty: 'RSA', kid: 'broken' },
      'nonsense',
    ];
    issuer.respond = json({ keys: [...others, good] });

    expect(await call()).toMatchObject({ owner: 'user-42' });
  });

  it('may return a key without alg and use', async () => {
    const { alg: _alg, use: _use, ...bare } = await describeKey(key);
    issuer.respond = json({ keys: [bare] });

    expect(await call()).toMatchObject({ owner: 'user-42' });
  });

  it.each([
    ['ES384', 'P-384'],
    ['ES512', 'P-521'],
  ])('may return a key for %s', async (alg, namedCurve) => {
    const other = { kid: 'other', alg, ...generateKeyPairSync('ec', { namedCurve }) };
    await issuer.publish(other);

    expect(await call(0, other)).toMatchObject({ owner: 'user-42' });
  });

  it('is requested with the accepted media types and a user agent', async () => {
    let headers: IncomingHttpHeaders = {};
    issuer.respond = (response) => {
      headers = response.req.headers;
      response.end();
    };
    await failureOf(() => call());

    expect(headers).toMatchObject({
      accept: 'application/jwk-set+json, application/json',
      'user-agent': 'node',
    });
  });

  it('authenticates no token by a private or an invalid key', async () => {
    const other = createIssuerKey('other', 'ES256');
    issuer.respond = json({
      keys: [privateKey(), { kty: 'RSA', kid: 'broken' }, await describeKey(other)],
    });

    const errors = await Promise.all(
      [key, { ...key, kid: 'broken' }].map((signer) => failureOf(() => call(0, signer))),
    );

    for (const error of errors) {
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({ code: 'unauthorized' });
    }
  });

  it('may return a byte order mark', async () => {
    const set = JSON.stringify({ keys: [await describeKey(key)] });
    issuer.respond = text(`\ufeff${set}`);

    expect(await call()).toMatchObject({ owner: 'user-42' });
  });
});

describe('a compressed key set', () => {
  const reply =
    (coding: string, body: Buffer): Reply =>
    (response) =>
      response.setHeader('Content-Encoding', coding).end(body);
  const keySet = async () => JSON.stringify({ keys: [await describeKey(key)] });

  it.each([
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('is read with Content-Encoding %s', async (coding, compress) => {
    issuer.respond = reply(coding, compress(await keySet()));

    expect(await call()).toMatchObject({ owner: 'user-42' });
  });

  it('is read with Content-Encoding identity', async () => {
    issuer.respond = reply('identity', Buffer.from(await keySet()));

    expect(await call()).toMatchObject({ owner: 'user-42' });
  });

  it('is refused if its decompressed body is too large', async () => {
    issuer.respond = reply('gzip', gzipSync(' '.repeat(300_000)));

    expect(await failureOf(() => call())).toMatchObject({
      message: expect.stringMatching(/more than 262144 bytes/),
    });
  });

  it('is temporarily unavailable if it is damaged', async () => {
    issuer.respond = reply('gzip', Buffer.from('canary'));

    expect(await failureOf(() => call())).toMatchObject({
      code: 'identity_unavailable',
      message: expect.stringContaining('could not be decompressed'),
    });
  });
});

describe('an issuer that is temporarily unavailable', () => {
  it.each([408, 425, 429, 500, 502, 503, 504])(
    'is reported as temporarily unavailable after status %i',
    async (status) => {
      issuer.respond = text('', status);

      const error = await failureOf(() => call());

      expect(error).toMatchObject({ code: 'identity_unavailable', status: 503 });
      expect(error).toMatchObject({ headers: { 'Retry-After': '5' } });
    },
  );
});
