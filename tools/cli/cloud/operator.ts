import {
  type Environment,
  findStrayCharacters,
  readEnvironment,
} from '../../../lib/config/environment.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import {
  describeVodApi,
  type VodApiConfig,
  vodApiEnvironment,
} from '../../../lib/vod/api-config.ts';
import type { VodCredentials } from '../../../lib/vod/call.ts';
import { readCredentials } from '../../deploy/credentials.ts';

/** Who runs the command, towards Tencent Cloud. */
export interface Operator extends Key {
  readonly vodApi: VodApiConfig;
}

/** A key, and the variable that names it. */
export interface Key {
  readonly credentials: VodCredentials;
  readonly source: string;
}

const NAMES = ['TENCENT_SECRET_ID', 'TENCENTCLOUD_SECRET_ID'] as const;

/**
 * Returns the key to call with, which is the one that deploys, or else the one that signs uploads; and how VOD's API is
 * called.
 *
 * @throws {DeployError} where there is no key, or half of one.
 * @throws {ConfigError} where VOD's API cannot be called so.
 */
export function readOperator(environment: Environment): Operator {
  const key = readDeployKey(environment) ?? readUploadKey(environment);
  const credentials = key?.credentials ?? readCredentials(environment);
  const e = readEnvironment(vodApiEnvironment, {
    ...environment,
    VOD_SECRET_ID: credentials.secretId,
    VOD_SECRET_KEY: credentials.secretKey,
  });
  return { credentials, source: key?.source ?? NAMES[0], vodApi: describeVodApi(e) };
}

/**
 * Returns the key that signs uploads, where there is one.
 *
 * @throws {ConfigError} where white space or the like came in with it.
 */
export function readUploadKey(environment: Environment): Key | undefined {
  const { VOD_SECRET_ID: secretId, VOD_SECRET_KEY: secretKey } = environment;
  if (!secretId || !secretKey) return undefined;
  const problems = findStrayCharacters({ VOD_SECRET_ID: secretId, VOD_SECRET_KEY: secretKey });
  if (problems.length > 0) throw new ConfigError(problems);
  return { source: 'VOD_SECRET_ID', credentials: { secretId, secretKey, token: undefined } };
}

function readDeployKey(environment: Environment): Key | undefined {
  const source = NAMES.find((name) => environment[name]);
  return source === undefined ? undefined : { source, credentials: readCredentials(environment) };
}
