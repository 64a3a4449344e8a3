import type { Environment } from '../../../lib/config/environment.ts';
import { addRole, explainVariables } from '../../deploy/function-variables.ts';
import { DEFAULT_RUNTIME, explainRuntime, readRuntime } from '../../deploy/runtime.ts';
import { joinNames } from '../join-names.ts';
import { FUNCTION_NAMES } from './check-functions.ts';
import { finding, type Note } from './note.ts';

/**
 * Finds variables with which the functions would refuse to serve; it reads them as the functions do, which have a role
 * where they call VOD.
 */
export function checkConfiguration(environment: Environment): readonly Note[] {
  const usersByMessage = new Map<string, string[]>();
  for (const user of listDeployed(environment)) {
    for (const message of explainVariables(user, addRole(environment))) {
      usersByMessage.set(message, [...(usersByMessage.get(message) ?? []), user]);
    }
  }
  return [
    ...[...usersByMessage].map(([message, users]) =>
      finding(
        'configuration',
        `${joinNames(users)}: ${message}.`,
        'Set what you deploy with right (the README lists every variable), and deploy again.',
      ),
    ),
    ...checkRuntimeVariable(environment),
  ];
}

function checkRuntimeVariable(environment: Environment): readonly Note[] {
  const wrong = explainRuntime(readRuntime(environment));
  if (wrong === undefined) return [];
  const remedy = `Set it right, or leave it out for ${DEFAULT_RUNTIME}.`;
  return [finding('configuration', `${wrong}.`, remedy)];
}

/** Answers the functions that are deployed with this environment. */
function listDeployed({ DATABASE_URL }: Environment): readonly string[] {
  return DATABASE_URL === undefined ? FUNCTION_NAMES : [...FUNCTION_NAMES, 'sweep'];
}
