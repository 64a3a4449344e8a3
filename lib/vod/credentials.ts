import { ConfigError } from '../config-error.ts';
import { defined } from '../validation/json-object.ts';

/** A key of Tencent Cloud. */
export interface VodCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** Session token; the keys of an execution role have one. */
  readonly token: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Returns the credentials of the execution role if there is one, else the configured key; undefined if neither is set.
 */
export function findVodCredentials(variables: Variables): VodCredentials | undefined {
  const {
    TENCENTCLOUD_SECRETID: roleId,
    TENCENTCLOUD_SECRETKEY: roleKey,
    TENCENTCLOUD_SESSIONTOKEN: token,
    VOD_SECRET_ID: secretId,
    VOD_SECRET_KEY: secretKey,
  } = variables;
  if (roleId && roleKey && token) return { secretId: roleId, secretKey: roleKey, token };
  return secretId && secretKey ? { secretId, secretKey, token: undefined } : undefined;
}

/** Message that says which credentials are missing: see {@link findVodCredentials}. */
export const MISSING_CREDENTIALS =
  'must be set, unless the function has an execution role, whose credentials the platform gives as TENCENTCLOUD_SECRETID, TENCENTCLOUD_SECRETKEY and TENCENTCLOUD_SESSIONTOKEN';

/**
 * Returns the current credentials: the platform replaces those of the execution role during the life of an instance.
 *
 * @throws {ConfigError}
 */
export function readVodCredentials(variables: Variables): VodCredentials {
  const found = findVodCredentials(variables);
  if (found !== undefined) return found;
  const missing = ['VOD_SECRET_ID', 'VOD_SECRET_KEY'].filter((variable) => !variables[variable]);
  throw new ConfigError(missing.map((variable) => ({ variable, message: MISSING_CREDENTIALS })));
}

/** Returns `readCredentials` in the form in which the vendor's clients ask for credentials, before each request. */
export function toCredentialSource(readCredentials: () => VodCredentials) {
  return {
    getCredential: async () => {
      const { secretId, secretKey, token } = readCredentials();
      return { secretId, secretKey, ...defined({ token }) };
    },
  };
}
