import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../lib/config/environment.ts';
import { type Policy, parseSettings } from '../../lib/policy/settings.ts';
import { isJsonObject } from '../../lib/validation/json-object.ts';
import { readServiceCustom } from '../deploy/service-custom.ts';
import type { DeploymentChoice } from './cloud/deployment-options.ts';
import { CommandError, type Surroundings } from './command.ts';

/**
 * Returns the tenants in the serverless.yml of this folder, as a deployment from here would read them; none where there
 * is no such file.
 *
 * @param variables those of the deployment.
 * @throws {CommandError} where the file cannot be read, or its settings are wrong.
 */
export async function readTenants(
  { region, stage }: DeploymentChoice,
  variables: Environment,
  { folder }: Pick<Surroundings, 'folder'>,
): Promise<Pick<Policy, 'tenants'>> {
  if (!existsSync(join(folder, 'serverless.yml'))) return {};
  const custom = await readServiceCustom(folder, {
    ...{ environment: variables, stage, region },
  }).catch((cause: unknown) => {
    if (!(cause instanceof Error)) throw cause;
    throw new CommandError(shorten(cause.message), { cause });
  });
  const upload = isJsonObject(custom) ? custom['upload'] : undefined;
  const { settings, errors } = parseSettings(upload ?? {});
  if (settings !== undefined) return settings.policy;
  const problems = errors.map(({ path, message }) =>
    [['custom.upload', path].filter(Boolean).join('.'), message].join(' '),
  );
  throw new CommandError(`The settings in serverless.yml are wrong: ${problems.join('; ')}.`);
}

/** Returns only the reason, in one line: lines of the file follow it, which may have secrets. */
function shorten(message: string): string {
  const [reason = ''] = message.split('\n\n');
  return `${reason.replaceAll(/\s+/g, ' ').replace(/\.$/, '')}.`;
}
