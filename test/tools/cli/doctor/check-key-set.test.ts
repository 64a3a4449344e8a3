import { beforeEach, describe, expect, it } from 'vitest';
import { checkKeySet } from '../../../../tools/cli/doctor/check-key-set.ts';
import { createIssuerKey, startIssuer } from '../../../support/issuer.ts';
import { perTest } from '../../../support/per-test.ts';

const KEYS = 'https://login.example.com/keys?p=b2c_1_sign_in';

const issuer = perTest(startIssuer);
let origin: string;

beforeEach(async () => {
  await issuer.publish(createIssuerKey('first', 'ES256'));
  origin = new URL(issuer.keySetUrl).origin;
});

/** Makes the issuer answer like most issuers with a discovery document, and with the keys at another address. */
function publish(discovery: object): void {
  issuer.respond = (response, path) => {
    if (path === '/.well-known/openid-configuration') response.end(JSON.stringify(discovery));
    else response.writeHead(404).end('<html>canary</html>');
  };
}

function check(change: Readonly<Record<string, string>> = {}) {
  return checkKeySet({
    AUTH_JWKS_URL: issuer.keySetUrl,
    AUTH_JWKS_LOOPBACK: 'allow',
    AUTH_JWT_AUDIENCE: 'vod-upload',
    ...change,
  });
}

/** Returns the notes about AUTH_JWT_ISSUER for an issuer that signs with a shared secret. */
async function checkIssuer(name: string): Promise<readonly string[]> {
  const notes = await checkKeySet({
    AUTH_JWT_SECRET: 'x'.repeat(32),
    AUTH_JWT_ISSUER: name,
    AUTH_JWKS_LOOPBACK: 'allow',
  });
  return notes.map(({ text }) => text);
}

describe('checkKeySet()', () => {
  it('finds nothing wrong with keys that can be fetched', async () => {
    expect(await check()).toEqual([]);
    expect(issuer.requests).toEqual(['/.well-known/jwks.json']);
  });

  it('suggests the address in a discovery document', async () => {
    issuer.respond = (response) => response.end(JSON.stringify({ jwks_uri: KEYS }));
    const notes = await check({ AUTH_JWKS_URL: `${origin}/.well-known/openid-configuration` });

    expect(notes).toEqual([
      {
        ...{ kind: 'finding', check: 'callers' },
        text: "No token is accepted: AUTH_JWKS_URL returns the issuer's discovery document, not its keys.",
        remedy: `Set AUTH_JWKS_URL to ${KEYS}, and deploy again.`,
      },
    ]);
  });

  it.each(['', '/'])(
    'suggests the address of the keys if AUTH_JWKS_URL is the issuer itself, with %j at its end',
    async (end) => {
      publish({ jwks_uri: KEYS });

      const [note, ...others] = await check({ AUTH_JWKS_URL: `${origin}${end}` });

      expect(others).toEqual([]);
      expect(note).toMatchObject({
        text: 'No token is accepted: AUTH_JWKS_URL answers 404.',
        remedy: `Set AUTH_JWKS_URL to ${KEYS}, and deploy again.`,
      });
    },
  );

  it('suggests the address of the keys that AUTH_JWT_ISSUER publishes', async () => {
    publish({ issuer: origin, jwks_uri: KEYS });

    const [note] = await check({ AUTH_JWKS_URL: `${origin}/wrong`, AUTH_JWT_ISSUER: `${origin}/` });

    expect(note).toMatchObject({ remedy: `Set AUTH_JWKS_URL to ${KEYS}, and deploy again.` });
  });

  it('explains where to find the address if the issuer does not publish a usable one', async () => {
    publish({ jwks_uri: 'http://canary.example.com/keys' });

    const notes = await check({ AUTH_JWKS_URL: origin });

    expect(notes).toMatchObject([{ remedy: expect.stringContaining('names as jwks_uri') }]);
    expect(JSON.stringify(notes)).not.toContain('canary');
  });

  it.each([
    ['https://login.example.com', 'calls itself https://login.example.com, and so do its tokens.'],
    ['https://canary@login.example.com', 'calls itself something else, and so do its tokens.'],
    [7, undefined],
  ])('compares AUTH_JWT_ISSUER with the issuer %j', async (named, text) => {
    publish({ issuer: named });

    const notes = await checkIssuer(origin);

    expect(notes).toEqual(text === undefined ? [] : [expect.stringContaining(text)]);
    expect(notes.join()).not.toContain('canary');
  });

  it('describes a slash at the end of AUTH_JWT_ISSUER that the issuer does not have, or the reverse', async () => {
    publish({ issuer: `${origin}/` });
    expect(await checkIssuer(origin)).toEqual([
      expect.stringContaining('with the slash at the end'),
    ]);
    expect(await checkIssuer(`${origin}/`)).toEqual([]);

    publish({ issuer: origin });
    expect(await checkIssuer(`${origin}/`)).toEqual([
      expect.stringContaining('without the slash at the end'),
    ]);
    expect(await checkIssuer(origin)).toEqual([]);
  });

  it('finds nothing wrong with an issuer without a discovery document', async () => {
    issuer.respond = (response) => response.writeHead(404).end();

    expect(await checkIssuer(origin)).toEqual([]);
    expect(await checkIssuer('an issuer that is no URL')).toEqual([]);
    expect(issuer.requests).toHaveLength(1);
  });
});
