import { SignJWT } from 'jose';

/** Shared secret of the tokens of tests. */
export const TEST_JWT_SECRET = 'jwt-secret-example-of-at-least-32-bytes';

/** Returns the headers of `sub` with the rights `scope`, for an hour from `now`, Unix milliseconds. */
export async function bearer(sub: string, scope: string, now: number) {
  const token = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setExpirationTime(Math.floor(now / 1_000) + 3_600)
    .sign(Buffer.from(TEST_JWT_SECRET));
  return { authorization: `Bearer ${token}` };
}
