import type { Environment } from '../../../lib/config/environment.ts';
import { addRole, explainVariables } from '../../deploy/function-variables.ts';
import { DEFAULT_RUNTIME, explainRuntime, readRuntime } from '../../deploy/runtime.ts';
import { joinNames } from '../join-names.ts';
import { checkContexts } from './check-contexts.ts';
import { FUNCTION_NAMES } from './check-functions.ts';
import { describeGrace } from './describe-grace.ts';
import { finding, type Note, warning } from './note.ts';

/** The result of the check of the variables. */
export interface Configuration {
  readonly notes: readonly Note[];
  /** Names of the wrong ones. */
  readonly wrong: ReadonlySet<string>;
  /** Names of the functions that would not serve with them. */
  readonly functions: ReadonlySet<string>;
}

/**
 * Finds variables with which the functions would refuse to serve, one finding for each. It reads them as the functions
 * do; those that call VOD have a role.
 */
export function checkConfiguration(environment: Environment, now: () => number): Configuration {
  const faults = listDeployed(environment).flatMap((user) =>
    explainVariables(user, addRole(environment)).map((message) => ({ user, message })),
  );
  const messages = new Set(faults.map(({ message }) => message));
  const notes = [...messages].map((message) =>
    finding(
      'configuration',
      `${joinNames(faults.filter((fault) => fault.message === message).map(({ user }) => user))}: ${message}.`,
      `Correct ${nameVariable(message)}, as docs/configuration.md says, and deploy again.`,
    ),
  );
  return {
    notes: [
      ...notes,
      ...checkRuntimeVariable(environment),
      ...checkContexts(environment, now()),
      ...checkSharedKey(environment, now()),
      ...checkCalls(environment),
    ],
    wrong: new Set(faults.map(({ message }) => nameVariable(message))),
    functions: new Set(faults.map(({ user }) => user)),
  };
}

function checkRuntimeVariable(environment: Environment): readonly Note[] {
  const wrong = explainRuntime(readRuntime(environment));
  if (wrong === undefined) return [];
  const remedy = `Correct RUNTIME, or leave it out for ${DEFAULT_RUNTIME}.`;
  return [finding('configuration', `${wrong}.`, remedy)];
}

/** Calls of an action that VOD accepts per second: https://cloud.tencent.com/document/product/266/31753. */
const ACCEPTED_CALLS = 100;

function checkCalls({ VOD_CALLS_PER_SECOND: calls = '' }: Environment): readonly Note[] {
  if (!(Number(calls) > ACCEPTED_CALLS)) return [];
  return [
    warning(
      'configuration',
      `VOD_CALLS_PER_SECOND is more than the ${ACCEPTED_CALLS} calls per second that VOD accepts from an account, unless you have agreed on more.`,
      `Set VOD_CALLS_PER_SECOND to less than ${ACCEPTED_CALLS}, so that other programs of the account can call VOD too, and deploy again.`,
    ),
  ];
}

function checkSharedKey(environment: Environment, now: number): readonly Note[] {
  const { CALLBACK_SHARED_SIGN_KEY_UNTIL: until } = environment;
  return describeGrace('CALLBACK_SHARED_SIGN_KEY_UNTIL', environment, now, {
    text: `Until ${until} (CALLBACK_SHARED_SIGN_KEY_UNTIL) tenants' applications may sign with the key of the service's own, so anyone who sees the notifications of one can forge those of all.`,
    remedy:
      'Run "vod-upload setup", which gives each its own; remove CALLBACK_SHARED_SIGN_KEY_UNTIL, and deploy again.',
  });
}

/** Messages begin with the variable, or with a place in it, such as WEBHOOK_ENDPOINTS[0].secret. */
function nameVariable(message: string): string {
  return message.replace(/\W.*/s, '');
}

/** Returns the names of the functions that are deployed with this environment. */
function listDeployed({ DATABASE_URL }: Environment): readonly string[] {
  return DATABASE_URL === undefined ? FUNCTION_NAMES : [...FUNCTION_NAMES, 'sweep'];
}
