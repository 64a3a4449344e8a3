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
  return [
    {
      ...limits,
      name: 'signature',
      file: join(code, 'signature.js'),
      environment: {
        VOD_SECRET_ID: account.secretId,
        VOD_SECRET_KEY: account.secretKey,
        VOD_SUB_APP_ID: String(account.subAppId),
        AUTH_JWT_SECRET: LOCAL_JWT_SECRET,
        AUTH_JWT_AUDIENCE: LOCAL_JWT_AUDIENCE,
        CORS_ORIGINS: origin,
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
