import { describe, expect, it } from 'vitest';
import { createIssuerKey, type Issuer, issueToken } from '../../support/issuer.ts';
import { CLAIMS, first, NOW, problemOf, second, useKeySet } from './auth-stage.ts';

const { issuer, authenticate } = useKeySet();

describe('while keys are replaced', () => {
  it('accepts the new key from half a minute after the last fetch', async () => {
    await issuer.publish(first);
    await authenticate(`Bearer ${await issueToken(first, CLAIMS)}`, NOW);
    await issuer.publish(first, second);
    const token = await issueToken(second, CLAIMS);

    const early = await problemOf(() => authenticate(`Bearer ${token}`, NOW + 29));
    const caller = await authenticate(`Bearer ${token}`, NOW + 30);

    expect(early.code).toBe('unauthorized');
    expect(caller.owner).toBe('user-42');
    expect(issuer.requests).toHaveLength(2);
  });

  it('fetches at most every half minute where tokens name unknown keys', async () => {
    await issuer.publish(first);
    const stray = createIssuerKey('stray', 'ES256');
    const token = await issueToken(stray, CLAIMS);

    for (let second = 0; second < 60; second += 1) {
      const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW + second));
      expect(problem.code).toBe('unauthorized');
    }

    expect(issuer.requests).toHaveLength(2);
  });

  it('accepts the old key while it is published', async () => {
    await issuer.publish(first);
    await authenticate(`Bearer ${await issueToken(first, CLAIMS)}`, NOW);
    await issuer.publish(second, first);

    for (const key of [first, second, first]) {
      const token = await issueToken(key, { ...CLAIMS, jti: Math.random() });
      expect(await authenticate(`Bearer ${token}`, NOW + 30)).toMatchObject({ owner: 'user-42' });
    }
  });

  it('accepts a withdrawn key for five minutes at most, also in a token that it has verified', async () => {
    await issuer.publish(first);
    const token = await issueToken(first, CLAIMS);
    await authenticate(`Bearer ${token}`, NOW);
    await issuer.publish(second);

    const known = await authenticate(`Bearer ${token}`, NOW + 299);
    const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW + 300));

    expect(known.owner).toBe('user-42');
    expect(problem.message).toContain("not among its issuer's");
  });
});

describe('while the key set is unavailable', () => {
  const answers: readonly [string, (issuer: Issuer) => void, RegExp][] = [
    [
      'the issuer answers 500',
      (broken) => {
        broken.respond = (response) => response.writeHead(500).end('{"keys":[]}');
      },
      /the answer was 500/,
    ],
    [
      'the connection fails',
      (broken) => {
        broken.respond = (response) => response.destroy();
      },
      /the connection failed \(ECONNRESET\)\.$/,
    ],
    [
      'the connection fails amid the answer',
      (broken) => {
        broken.respond = (response) => {
          response.writeHead(200, { 'Content-Length': '1000' });
          response.write('{"keys":[', () => response.destroy());
        };
      },
      /the connection failed/,
    ],
    [
      'it does not answer',
      (broken) => {
        broken.respond = () => {};
      },
      /no answer within 2.5 seconds/,
    ],
  ];

  it.each(answers)('answers 503 with Retry-After while %s', async (_name, spoil, why) => {
    spoil(issuer);
    const token = await issueToken(first, CLAIMS);

    const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW));

    expect(problem).toMatchObject({ code: 'identity_unavailable', status: 503 });
    expect(problem.headers).toEqual({ 'Retry-After': '5' });
    expect(problem.message).toMatch(why);
    expect(problem.message).not.toContain('127.0.0.1');
    expect(problem.message).not.toContain('secret');
  });

  it('fetches again after five seconds, and no sooner', async () => {
    issuer.respond = (response) => response.writeHead(503).end();
    const token = await issueToken(first, CLAIMS);
    const ask = (seconds: number) => authenticate(`Bearer ${token}`, NOW + seconds);
    await problemOf(() => ask(0));
    issuer.respond = undefined;

    const early = await problemOf(() => ask(4));
    const requests = issuer.requests.length;

    expect(early.code).toBe('identity_unavailable');
    expect(requests).toBe(1);
    expect(await ask(5)).toMatchObject({ owner: 'user-42' });
  });

  it('uses the keys that it has until they are 15 minutes old', async () => {
    await authenticate(`Bearer ${await issueToken(first, CLAIMS)}`, NOW);
    issuer.respond = (response) => response.writeHead(503).end();
    const fresh = (n: number) => issueToken(first, { ...CLAIMS, jti: `${n}` });

    const still = await authenticate(`Bearer ${await fresh(1)}`, NOW + 899);
    const token = await fresh(2);
    const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW + 900));

    expect(still.owner).toBe('user-42');
    expect(problem.code).toBe('identity_unavailable');
  });

  it('answers 503, not 401, to a token whose key may be new', async () => {
    await issuer.publish(first);
    await authenticate(`Bearer ${await issueToken(first, CLAIMS)}`, NOW);
    issuer.respond = (response) => response.writeHead(503).end();
    const token = await issueToken(second, CLAIMS);

    const problem = await problemOf(() => authenticate(`Bearer ${token}`, NOW + 60));

    expect(problem.code).toBe('identity_unavailable');
  });
});
