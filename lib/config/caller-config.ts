import * as v from 'valibot';
import { given, splitList } from './environment.ts';

/** How callers prove who they are. */
export type AuthConfig =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'jwt';
      /** Shared secret of HS256. */
      readonly secret: Uint8Array;
      readonly issuer: string | undefined;
      readonly audience: string | undefined;
    };

/** HS256 asks for a key of at least its hash's length: https://www.rfc-editor.org/rfc/rfc7518#section-3.2 */
const MIN_JWT_SECRET_BYTES = 32;

const corsOrigins = v.pipe(
  v.optional(v.string(), ''),
  v.transform(splitList),
  v.check(
    (origins) => origins.every(isOrigin),
    'must be a comma-separated list of exact origins, as https://app.example.com',
  ),
);

const auth = {
  AUTH: v.optional(v.picklist(['none', 'jwt'], 'must be jwt or none')),
  AUTH_JWT_SECRET: v.optional(
    v.pipe(
      v.string(),
      v.check(
        (secret) => Buffer.byteLength(secret) >= MIN_JWT_SECRET_BYTES,
        `must have at least ${MIN_JWT_SECRET_BYTES} bytes`,
      ),
      v.transform((secret) => new TextEncoder().encode(secret)),
    ),
  ),
  AUTH_JWT_ISSUER: v.optional(given),
  AUTH_JWT_AUDIENCE: v.optional(given),
};

/** Schema of what every function with callers reads. */
export const callerEnvironment = v.pipe(
  v.object({ ...auth, CORS_ORIGINS: corsOrigins }),
  // Fail closed: without a word about callers, nobody is one.
  v.forward(
    v.partialCheck(
      [['AUTH'], ['AUTH_JWT_SECRET']],
      ({ AUTH, AUTH_JWT_SECRET }) => AUTH === 'none' || AUTH_JWT_SECRET !== undefined,
      'must be set, or AUTH must be none, which lets everybody upload',
    ),
    ['AUTH_JWT_SECRET'],
  ),
  v.forward(
    v.partialCheck(
      [['AUTH'], ['AUTH_JWT_SECRET']],
      ({ AUTH, AUTH_JWT_SECRET }) => AUTH !== 'none' || AUTH_JWT_SECRET === undefined,
      'must not be none while AUTH_JWT_SECRET is set',
    ),
    ['AUTH'],
  ),
);

/** Configuration of a function with callers. */
export interface CallerConfig {
  readonly auth: AuthConfig;
  /** Exact origins of web apps. */
  readonly corsOrigins: readonly string[];
}

/** Answers the configuration that a checked environment tells. */
export function describeCallers(e: v.InferOutput<typeof callerEnvironment>): CallerConfig {
  return { auth: describeAuth(e), corsOrigins: e.CORS_ORIGINS };
}

function describeAuth(e: v.InferOutput<typeof callerEnvironment>): AuthConfig {
  if (e.AUTH_JWT_SECRET === undefined) return { kind: 'none' };
  return {
    kind: 'jwt',
    secret: e.AUTH_JWT_SECRET,
    issuer: e.AUTH_JWT_ISSUER,
    audience: e.AUTH_JWT_AUDIENCE,
  };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
