import { type Environment, findStrayCharacters } from '../../lib/config/environment.ts';
import type { VodCredentials } from '../../lib/vod/credentials.ts';
import { DeployError } from './deploy-error.ts';

/**
 * The names that Tencent's own tools have for the variables. Only the first spelling that is set is read: a token of
 * one key does not belong to another.
 *
 * @see https://www.serverless.com/framework/docs-providers-tencent-guide-credentials
 * @see https://registry.terraform.io/providers/tencentcloudstack/tencentcloud/latest/docs#environment-variables
 */
const SPELLINGS = [
  { id: 'TENCENT_SECRET_ID', key: 'TENCENT_SECRET_KEY', tokens: ['TENCENT_TOKEN'] },
  {
    id: 'TENCENTCLOUD_SECRET_ID',
    key: 'TENCENTCLOUD_SECRET_KEY',
    tokens: ['TENCENTCLOUD_TOKEN', 'TENCENTCLOUD_SESSION_TOKEN', 'TENCENTCLOUD_SECURITY_TOKEN'],
  },
] as const;

/**
 * Returns the credentials for deploying.
 *
 * @throws {DeployError} where there are none, one of the two is missing, or one contains white space or the like.
 */
export function readCredentials(environment: Environment): VodCredentials {
  for (const { id, key, tokens } of SPELLINGS) {
    const secretId = environment[id] ?? '';
    const secretKey = environment[key] ?? '';
    if (secretId === '' && secretKey === '') continue;
    if (secretId === '' || secretKey === '') {
      const [there, missing] = secretId === '' ? [key, id] : [id, key];
      throw new DeployError(`${there} is set and ${missing} is not: set both.`);
    }
    refuseStray([id, key, ...tokens], environment);
    const token = tokens.map((name) => environment[name] ?? '').find((value) => value !== '');
    return { secretId, secretKey, token };
  }
  throw new DeployError(
    'Credentials are missing: set TENCENT_SECRET_ID and TENCENT_SECRET_KEY, and TENCENT_TOKEN for temporary ones, in the environment or in .env; .env.example has all variables.',
  );
}

function refuseStray(names: readonly string[], environment: Environment): void {
  const problems = findStrayCharacters(
    Object.fromEntries(names.map((name) => [name, environment[name]])),
  );
  if (problems.length === 0) return;
  const sentences = problems.map(({ variable, message }) => `${variable} ${message}`);
  throw new DeployError(`${sentences.join('; ')}.`);
}
