import { join } from 'node:path';
import type { FunctionDefinition } from './gateway/instance.ts';
import type { Account } from './vod/account.ts';

/** Shared secret of the tokens that the local stack mints. Fake by its looks, and of use on this machine only. */
export const LOCAL_JWT_SECRET = 'local-jwt-secret-example-not-for-the-cloud';

/** Audience of those tokens. */
export const LOCAL_JWT_AUDIENCE = 'vod-upload-local';

/**
 * Answers the functions as the local stack runs them, each with the least environment that it needs.
 *
 * @param code folder of the bundles.
 */
export function defineFunctions(
  code: string,
  account: Account,
  origin: string,
): readonly FunctionDefinition[] {
  const limits = { timeoutSeconds: 10, memoryMegabytes: 128 };
  const callers = {
    AUTH_JWT_SECRET: LOCAL_JWT_SECRET,
    AUTH_JWT_AUDIENCE: LOCAL_JWT_AUDIENCE,
    CORS_ORIGINS: origin,
  };
  return [
    {
      ...limits,
      name: 'signature',
      file: join(code, 'signature.js'),
      environment: {
        VOD_SECRET_ID: account.secretId,
        VOD_SECRET_KEY: account.secretKey,
        VOD_SUB_APP_ID: String(account.subAppId),
        ...callers,
      },
    },
    {
      ...limits,
      // A batch of pulls is sent at the configured pace, and what does not fit into the time is handed back.
      timeoutSeconds: 60,
      name: 'pull',
      file: join(code, 'pull.js'),
      environment: {
        // In the cloud the platform gives the credentials of the function's role under these names.
        TENCENTCLOUD_SECRETID: account.role.secretId,
        TENCENTCLOUD_SECRETKEY: account.role.secretKey,
        TENCENTCLOUD_SESSIONTOKEN: account.role.token ?? '',
        VOD_API_ENDPOINT: new URL(origin).host,
        VOD_API_PROTOCOL: 'http',
        VOD_SUB_APP_ID: String(account.subAppId),
        ...callers,
      },
    },
    {
      ...limits,
      name: 'callback',
      file: join(code, 'callback.js'),
      environment: { CALLBACK_SIGN_KEYS: account.signKey },
    },
  ];
}
