import { findStrayCharacters } from '../../lib/config/environment.ts';
import { DeployError, listProblems } from './deploy-error.ts';
import { explainTooLong, GRACE_NAMES, readGrace } from './explain-grace.ts';
import { explainSettings } from './explain-settings.ts';
import { addRole, explainVariables } from './function-variables.ts';
import type { FunctionSpec, Service } from './service.ts';

/**
 * Makes sure that every function will serve with its variables and settings: what its callers would get as a 500 is an
 * error of the deployment instead.
 *
 * @param now Unix milliseconds.
 * @throws {DeployError} that names everything that is missing or wrong, and never a value.
 */
export function checkValues(
  { functions, settings }: Pick<Service, 'functions' | 'settings'>,
  now: () => number = Date.now,
): void {
  const keysByProblem = new Map<string, string[]>();
  for (const spec of functions) {
    for (const problem of [...explainValues(spec, settings), ...explainGrace(spec, now())]) {
      keysByProblem.set(problem, [...(keysByProblem.get(problem) ?? []), spec.key]);
    }
  }
  if (keysByProblem.size === 0) return;
  const problems = [...keysByProblem].map(([problem, keys]) => `${keys.join(', ')}: ${problem}`);
  throw new DeployError(listProblems('The functions would not serve with these values:', problems));
}

function explainValues(
  { key, role, vpc, environment }: FunctionSpec,
  settings: string,
): readonly string[] {
  const found = role === undefined ? environment : addRole(environment);
  const names = { VOD_ROLE: role, VPC_ID: vpc?.vpcId, SUBNET_ID: vpc?.subnetId };
  const problems = [
    ...findStrayCharacters(names).map(({ variable, message }) => `${variable} ${message}`),
    ...explainVariables(key, found),
    ...explainSettings(key, found, settings),
  ];
  return role === '' ? [NO_ROLE, ...problems] : problems;
}

function explainGrace({ environment }: FunctionSpec, now: number): readonly string[] {
  return GRACE_NAMES.filter((name) => readGrace(name, environment, now) === 'is too long').map(
    explainTooLong,
  );
}

const NO_ROLE =
  'has no role: set VOD_ROLE to the name of the CAM role by which functions call VOD; docs/deployment.md says how to make one';
