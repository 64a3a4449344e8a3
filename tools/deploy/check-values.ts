import { readCallbackConfig } from '../../lib/config/callback-config.ts';
import { readDeliveryConfig } from '../../lib/config/delivery-config.ts';
import { ConfigError, type Environment } from '../../lib/config/environment.ts';
import { readPullConfig } from '../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import { DeployError, listProblems } from './deploy-error.ts';
import type { FunctionSpec, Service } from './service.ts';

/** What each function reads of its environment when it starts. */
const READERS: Readonly<Record<string, readonly ((environment: Environment) => unknown)[]>> = {
  signature: [readSignatureConfig],
  pull: [readPullConfig],
  callback: [readCallbackConfig, readDeliveryConfig],
  sweep: [readDeliveryConfig],
};

/** What the platform adds where a function has a role; the real values are there when it runs. */
const ROLE_VARIABLES = {
  TENCENTCLOUD_SECRETID: 'role',
  TENCENTCLOUD_SECRETKEY: 'role',
  TENCENTCLOUD_SESSIONTOKEN: 'role',
};

/**
 * Makes sure that every function will serve with the values that it is given: what would be a 500 for its callers is
 * an error of the deployment.
 *
 * @throws {DeployError} that names everything that is missing or wrong, and never a value.
 */
export function checkValues({ functions }: Pick<Service, 'functions'>): void {
  const problems = functions.flatMap((spec) =>
    explainValues(spec).map((problem) => `${spec.key}: ${problem}`),
  );
  if (problems.length === 0) return;
  throw new DeployError(listProblems('The functions would not serve with these values:', problems));
}

function explainValues({ key, role, environment }: FunctionSpec): readonly string[] {
  if (role === '') {
    return [
      'has no role: set VOD_ROLE to the name of the CAM role by which functions call VOD, or see the README to make one',
    ];
  }
  const complete = role === undefined ? environment : { ...environment, ...ROLE_VARIABLES };
  const variables = (READERS[key] ?? []).flatMap((read) => explain(() => read(complete)));
  return [...new Set(variables)];
}

function explain(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [error.message];
    throw error;
  }
}
