import { createSecretKey, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import {
  describeVodApi,
  subAppId,
  type VodApiConfig,
  type VodCredentials,
  vodApiEnvironment,
  vodCredentialsEnvironment,
} from './vod/api-config.ts';

/** Environment variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Says every variable that is missing or wrong; names and rules only, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly variables: readonly string[];

  constructor(problems: readonly { readonly variable: string; readonly message: string }[]) {
    super(
      `Cannot serve with this environment: ${problems
        .map(({ variable, message }) => `${variable} ${message}`)
        .join('; ')}`,
    );
    this.variables = problems.map(({ variable }) => variable);
  }
}

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

/** Configuration of the `signature` function. */
export interface SignatureConfig {
  readonly auth: AuthConfig;
  readonly corsOrigins: readonly string[];
  readonly secretId: string;
  readonly secretKey: KeyObject;
  /** Key before the last rotation: it signs nothing, and uploads begun under it still go on. */
  readonly previousSecretKey: KeyObject | undefined;
  readonly subAppId: number | undefined;
}

/** Configuration of the `callback` function. */
export interface CallbackConfig {
  /** Several while a key is being replaced. */
  readonly signKeys: readonly string[];
}

/** HS256 asks for a key of at least its hash's length: https://www.rfc-editor.org/rfc/rfc7518#section-3.2 */
const MIN_JWT_SECRET_BYTES = 32;

const given = v.pipe(v.string('must be set'), v.nonEmpty('must not be empty'));

const secretKey = v.pipe(
  given,
  v.transform((key) => createSecretKey(Buffer.from(key))),
);

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

const signatureEnvironment = v.pipe(
  v.object({
    ...auth,
    CORS_ORIGINS: corsOrigins,
    VOD_SECRET_ID: given,
    VOD_SECRET_KEY: secretKey,
    VOD_PREVIOUS_SECRET_KEY: v.optional(secretKey),
    VOD_SUB_APP_ID: v.optional(subAppId),
  }),
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

const callbackEnvironment = v.object({
  CALLBACK_SIGN_KEYS: v.pipe(
    given,
    v.transform(splitList),
    v.minLength(1, 'must not be empty'),
    // https://cloud.tencent.com/document/product/266/33779: letters and digits, 32 at most.
    v.everyItem(
      (key) => /^[A-Za-z0-9]{1,32}$/.test(key),
      'must be a comma-separated list of keys of 1 to 32 letters and digits',
    ),
  ),
});

/**
 * Answers the configuration of the `signature` function.
 *
 * @throws {ConfigError}
 */
export function readSignatureConfig(environment: Environment): SignatureConfig {
  const e = readEnvironment(signatureEnvironment, environment);
  return Object.freeze({
    auth: readAuth(e),
    corsOrigins: e.CORS_ORIGINS,
    secretId: e.VOD_SECRET_ID,
    secretKey: e.VOD_SECRET_KEY,
    previousSecretKey: e.VOD_PREVIOUS_SECRET_KEY,
    subAppId: e.VOD_SUB_APP_ID,
  });
}

/**
 * Answers the configuration of the `callback` function.
 *
 * @throws {ConfigError}
 */
export function readCallbackConfig(environment: Environment): CallbackConfig {
  return Object.freeze({
    signKeys: readEnvironment(callbackEnvironment, environment).CALLBACK_SIGN_KEYS,
  });
}

/**
 * Answers how VOD's API is called. It also makes sure that there are credentials, which are read anew for every call.
 *
 * @throws {ConfigError}
 */
export function readVodApiConfig(environment: Environment): VodApiConfig {
  return describeVodApi(readEnvironment(vodApiEnvironment, environment));
}

/**
 * Answers the credentials of this moment: the platform replaces those of the execution role while an instance lives.
 *
 * @throws {ConfigError}
 */
export function readVodCredentials(environment: Environment): VodCredentials {
  return readEnvironment(vodCredentialsEnvironment, environment);
}

function readAuth(e: v.InferOutput<typeof signatureEnvironment>): AuthConfig {
  if (e.AUTH_JWT_SECRET === undefined) return { kind: 'none' };
  return {
    kind: 'jwt',
    secret: e.AUTH_JWT_SECRET,
    issuer: e.AUTH_JWT_ISSUER,
    audience: e.AUTH_JWT_AUDIENCE,
  };
}

function readEnvironment<TSchema extends v.GenericSchema>(
  schema: TSchema,
  environment: Environment,
): v.InferOutput<TSchema> {
  const result = v.safeParse(schema, environment);
  if (result.success) return result.output;
  throw new ConfigError(
    result.issues.map((issue) => ({
      variable: v.getDotPath(issue) ?? '',
      // An absent variable is an issue of the object, which knows no better words.
      message: issue.input === undefined ? 'must be set' : issue.message,
    })),
  );
}

function splitList(list: string): readonly string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
