import { join } from 'node:path';
import { CONSUMER_PATH, CONSUMER_SECRET } from './consumer.ts';
import type { FunctionDefinition } from './gateway/instance.ts';
import type { Account } from './vod/account.ts';

/** Shared secret of the tokens that the local stack mints. Fake by its looks, and of use on this machine only. */
export const LOCAL_JWT_SECRET = 'local-jwt-secret-example-not-for-the-cloud';

/** Audience of those tokens. */
export const LOCAL_JWT_AUDIENCE = 'vod-upload-local';

/** The functions, by what calls them. */
export interface LocalFunctions {
  readonly functions: readonly FunctionDefinition[];
  readonly timed: readonly FunctionDefinition[];
}

/** Where the functions find what they work with. */
export interface LocalSurroundings {
  /** Folder of the bundles. */
  readonly code: string;
  readonly account: Account;
  /** Of the stack itself. */
  readonly origin: string;
  readonly databaseUrl: string;
  /** Of its authorities, where it is another server. */
  readonly databaseCa?: string | undefined;
  /** Of the VOD application. */
  readonly eventMode: 'PUSH' | 'PULL';
  /** Names of the samples, with the origins that they stand for. */
  readonly publicNames: Readonly<Record<string, string>>;
}

/** Answers the functions as the local stack runs them, each with the least environment that it needs. */
export function defineFunctions({
  code,
  account,
  origin,
  databaseUrl,
  databaseCa,
  eventMode,
  publicNames,
}: LocalSurroundings): LocalFunctions {
  const define = (name: string, timeoutSeconds: number, environment: Record<string, string>) => ({
    ...{ name, file: join(code, `${name}.js`), timeoutSeconds, memoryMegabytes: 128 },
    environment: {
      DATABASE_URL: databaseUrl,
      ...(databaseCa === undefined ? {} : { DATABASE_CA: databaseCa }),
      ...environment,
    },
    publicNames,
  });
  const callers = {
    AUTH_JWT_SECRET: LOCAL_JWT_SECRET,
    AUTH_JWT_AUDIENCE: LOCAL_JWT_AUDIENCE,
    CORS_ORIGINS: origin,
  };
  const vodApi = {
    // In the cloud the platform gives the credentials of the function's role under these names.
    TENCENTCLOUD_SECRETID: account.role.secretId,
    TENCENTCLOUD_SECRETKEY: account.role.secretKey,
    TENCENTCLOUD_SESSIONTOKEN: account.role.token ?? '',
    VOD_API_ENDPOINT: new URL(origin).host,
    VOD_API_PROTOCOL: 'http',
    VOD_SUB_APP_ID: String(account.subAppId),
  };
  const delivery = {
    WEBHOOK_ENDPOINTS: JSON.stringify([
      { url: `${origin}${CONSUMER_PATH}`, secret: CONSUMER_SECRET },
    ]),
    WEBHOOK_LOOPBACK: 'allow',
  };
  return {
    functions: [
      define('signature', 10, {
        VOD_SECRET_ID: account.secretId,
        VOD_SECRET_KEY: account.secretKey,
        VOD_SUB_APP_ID: String(account.subAppId),
        ...callers,
      }),
      // A batch of pulls is sent at the configured pace, and what does not fit into the time is handed back.
      define('pull', 60, { ...vodApi, ...callers }),
      define('callback', 10, { CALLBACK_SIGN_KEYS: account.signKey, ...vodApi, ...delivery }),
      define('uploads', 10, callers),
    ],
    timed: [define('sweep', 60, { VOD_EVENT_MODE: eventMode, ...vodApi, ...delivery })],
  };
}
