import { type JWTPayload, SignJWT } from 'jose';

/** Shared secret of the tokens of tests. */
export const TEST_JWT_SECRET = 'jwt-secret-example-of-at-least-32-bytes';

/** Returns a token with these claims, signed with a shared secret. */
export function mintToken(
  claims: JWTPayload,
  { secret = TEST_JWT_SECRET, alg = 'HS256' } = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(Buffer.from(secret));
}

/** Returns the headers of a caller `sub` with `scope`, valid for an hour from `now`, Unix milliseconds. */
export async function bearer(sub: string, scope: string, now: number) {
  const exp = Math.floor(now / 1_000) + 3_600;
  return { authorization: `Bearer ${await mintToken({ sub, scope, exp })}` };
}
