import type { FunctionState } from './cloud/function-state.ts';
import { DeployError, listProblems } from './deploy-error.ts';
import type { FunctionSpec } from './service.ts';

/** What a deployment takes from a function if it no longer has the variable. */
const CONSEQUENCES: ReadonlyMap<string, string> = new Map([
  ['AUTH_JWT_AUDIENCE', 'tokens for other services are accepted'],
  ['AUTH_JWT_ISSUER', 'tokens of other issuers are accepted'],
  ['DATABASE_URL', 'nothing is recorded, and sweep is removed'],
  ['PULL_HOSTS', 'media are pulled from every public host'],
  ['RETENTION', 'what is older than the defaults is deleted'],
  ['VOD_SUB_APP_ID', 'other media are managed'],
  ['WEBHOOK_ENDPOINTS', 'no messages are sent'],
]);

/**
 * Refuses a deployment that takes protection or data from functions because a variable is missing or empty, as a secret of
 * a build that is not set.
 *
 * @param states what is deployed, by name.
 * @param removes variables that are meant to be removed.
 * @throws {DeployError} that names each variable and what follows without it.
 */
export function checkRemovals(
  specs: readonly FunctionSpec[],
  states: ReadonlyMap<string, FunctionState>,
  removes: readonly string[],
): void {
  const removed = specs.flatMap((spec) =>
    listRemoved(spec, states.get(spec.name)).filter((name) => !removes.includes(name)),
  );
  if (removed.length === 0) return;
  const names = [...new Set(removed)];
  const problems = names.map((name) => `${name}: ${CONSEQUENCES.get(name)}`);
  throw new DeployError(
    listProblems(
      `Nothing was deployed, since variables that the functions have are not set now. Set them, or set DEPLOY_REMOVES=${names.join()} to remove them:`,
      problems,
    ),
  );
}

function listRemoved(
  { environment }: FunctionSpec,
  state: FunctionState | undefined,
): readonly string[] {
  return (state?.Environment?.Variables ?? [])
    .filter(({ Key, Value }) => Value !== '' && environment[Key] === undefined)
    .map(({ Key }) => Key)
    .filter((name) => CONSEQUENCES.has(name));
}
