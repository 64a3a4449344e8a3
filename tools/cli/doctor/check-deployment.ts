import type { DeployedFunction, Deployment, FindFunction } from '../cloud/deployed-functions.ts';
import { explainFailedCall } from './check-access.ts';
import { checkContextKeys } from './check-contexts.ts';
import { FUNCTION_NAMES, type FunctionUrls } from './check-functions.ts';
import { checkRuntime, type RunningFunction } from './check-runtime.ts';
import { finding, type Note, skipped } from './note.ts';

/** The result of the check of the deployed functions. */
export interface Deployed {
  readonly notes: readonly Note[];
  readonly urls: FunctionUrls;
}

/** Functions that call VOD and need the credentials of a role for it. */
const CALLERS_OF_VOD: ReadonlySet<string> = new Set(['pull', 'callback', 'sweep']);

/** Returns the note for a run in which all addresses are known, but not the region of the functions. */
export function skipDeployment(): Note {
  return skipped('deployment', 'The runtime of the functions: set their region with --region.');
}

/** What should be deployed. */
export interface Expected {
  /** The value of RUNTIME, or its default. */
  readonly runtime: string;
  /** Whether `sweep` should be deployed. */
  readonly sweeps: boolean;
  /** `SOURCE_CONTEXT_KEYS`, if set. */
  readonly contextKeys: string | undefined;
}

/**
 * Finds out whether the functions are deployed, on which runtime, whether they may call VOD, and which triggers they
 * have.
 */
export async function checkDeployment(
  deployment: Deployment,
  findFunction: FindFunction,
  given: FunctionUrls,
  { runtime, sweeps, contextKeys }: Expected,
): Promise<Deployed> {
  try {
    const found = await Promise.all(
      FUNCTION_NAMES.map(async (name) => ({ name, deployed: await findFunction(name) })),
    );
    const timed = sweeps ? [{ name: 'sweep', deployed: await findFunction('sweep') }] : [];
    const urls = Object.fromEntries(
      found.flatMap(({ name, deployed }) => {
        const url = given[name] ?? deployed?.url;
        return url === undefined ? [] : [[name, url]];
      }),
    );
    const notes = [
      ...found.flatMap(({ name, deployed }) =>
        explain(name, deployment, deployed, urls[name] === undefined ? NO_ADDRESS : undefined),
      ),
      ...timed.flatMap(({ name, deployed }) =>
        explain(name, deployment, deployed, deployed?.timed === false ? NO_TIMER : undefined),
      ),
      ...checkRuntime(runtime, listRunning(deployment, [...found, ...timed])),
      ...checkContextKeys([...found, ...timed], contextKeys),
    ];
    return { notes, urls };
  } catch (error) {
    return { notes: [explainFailedCall('deployment', error)], urls: given };
  }
}

const NO_ADDRESS = 'has no address';
const NO_TIMER = 'has no timer that is switched on';

function listRunning(
  deployment: Deployment,
  found: readonly { readonly name: string; readonly deployed: DeployedFunction | undefined }[],
): readonly RunningFunction[] {
  return found.flatMap(({ name, deployed }) =>
    deployed === undefined ? [] : [{ name: nameOf(deployment, name), runtime: deployed.runtime }],
  );
}

function nameOf({ service, stage }: Deployment, name: string): string {
  return `${service}-${stage}-${name}`;
}

/** @param lack what is missing, so that the function cannot be called. */
function explain(
  name: string,
  deployment: Deployment,
  deployed: DeployedFunction | undefined,
  lack: string | undefined,
): readonly Note[] {
  const full = nameOf(deployment, name);
  if (deployed === undefined) {
    return [
      finding(
        'deployment',
        `${full} is not deployed in ${deployment.region}.`,
        'Deploy it, or set with --region, --service and --stage where it is.',
      ),
    ];
  }
  const notes: Note[] = [];
  if (CALLERS_OF_VOD.has(name) && deployed.role === '') {
    notes.push(
      finding(
        'deployment',
        `${full} has no execution role, so it has no credentials to call VOD with.`,
        'Create a role with the policy deploy/cam/function-role.json, name it in VOD_ROLE, and deploy again.',
      ),
    );
  }
  if (lack !== undefined) {
    notes.push(
      finding(
        'deployment',
        `${full} ${lack}.`,
        'Deploy it again: its trigger is gone, or was changed.',
      ),
    );
  }
  return notes;
}
