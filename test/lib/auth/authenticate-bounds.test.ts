import { SignJWT } from 'jose';
import { describe, expect, it, } from 'vitest';
import { type Caller, createAuthenticate } from '../../../lib/auth/authenticate.ts';

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0) / 1_000;
const SECRET = Buffer.from('jwt-secret-example-of-at-least-32-bytes');

function create() {
  return createAuthenticate(
    {
      kind: 'jwt',
      proof: { secret: SECRET },
      issuer: undefined,
      audiences: undefined,
      audienceClaim: 'aud',
      scopeClaim: undefined,
      scopePrefix: undefined,
    },
    [],
  );
}

async function issue(sub: string, exp = NOW + 3_600): Promise<string> {
  const token = await new SignJWT({ sub, exp }).setProtectedHeader({ alg: 'HS256' }).sign(SECRET);
  return `Bearer ${token}`;
}

describe('what an instance remembers of tokens', () => {
  it('is the last 256 of them', async () => {
    const authenticate = create();
    const headers = await Promise.all(Array.from({ length: 257 }, (_, n) => issue(`user-${n}`)));
    const callers: Caller[] = [];
    for (const header of headers.slice(0, 256)) callers.push(await authenticate(header, NOW));

    const known = await authenticate(headers[0], NOW);
    await authenticate(headers[256], NOW);
    const second = await authenticate(headers[1], NOW);
    const first = await authenticate(headers[0], NOW);

    expect(known).toBe(callers[0]);
    expect(second).toBe(callers[1]);
    expect(first).toEqual(callers[0]);
    expect(first).not.toBe(callers[0]);
  });

  it('ends with the token', async () => {
    const authenticate = create();
    const header = await issue('user-42', NOW + 60);
    const caller = await authenticate(header, NOW);

    const before = await authenticate(header, NOW + 59);
    const after = async () => authenticate(header, NOW + 65);

    expect(before).toBe(caller);
    await expect(after()).rejects.toThrow('The token has expired.');
  });
});
