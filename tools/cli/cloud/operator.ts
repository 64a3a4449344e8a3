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
import type { VodCredentials } from '../../../lib/vod/credentials.ts';
import { readCredentials } from '../../deploy/credentials.ts';

/** The key and the configuration with which a command calls Tencent Cloud. */
export interface Operator extends Key {
  readonly vodApi: VodApiConfig;
}

/** A key, and the variable that has its id. */
export interface Key {
  readonly credentials: VodCredentials;
  readonly source: string;
}

const NAMES = ['TENCENT_SECRET_ID', 'TENCENTCLOUD_SECRET_ID'] as const;

/**
 * Returns the key for calls, which is the one for deploying, or else the one that signs uploads, and the configuration
 * of VOD's API.
 *
 * @throws {DeployError} where there is no key, or one half of it is missing.
 * @throws {ConfigError} where the configuration of VOD's API is wrong.
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
 * @throws {ConfigError} where it contains white space or the like.
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
