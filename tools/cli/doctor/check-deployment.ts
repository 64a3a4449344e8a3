import type { DeployedFunction, Deployment, FindFunction } from '../cloud/deployed-functions.ts';
import { explainFailedCall } from './check-access.ts';
import { FUNCTION_NAMES, type FunctionUrls } from './check-functions.ts';
import { finding, type Note, skipped } from './note.ts';

/** What the platform tells of the functions. */
export interface Deployed {
  readonly notes: readonly Note[];
  readonly urls: FunctionUrls;
}

/** The oldest Node.js that the functions run on; `engines` of package.json has the same. */
const OLDEST_NODE: readonly [number, number] = [20, 15];

/** Functions that call VOD, for which they need the credentials of a role. */
const CALLERS_OF_VOD: ReadonlySet<string> = new Set(['pull', 'callback', 'sweep']);

/** Answers what is said where all addresses are known, and not where the functions run. */
export function skipDeployment(): Note {
  return skipped('deployment', 'The runtime of the functions: say their region with --region.');
}

/**
 * Finds out whether the functions are deployed, on which runtime, whether they may call VOD, and what calls them.
 *
 * @param sweeps whether there should be a `sweep`.
 */
export async function checkDeployment(
  deployment: Deployment,
  findFunction: FindFunction,
  given: FunctionUrls,
  sweeps: boolean,
): Promise<Deployed> {
  try {
    const found = await Promise.all(
      FUNCTION_NAMES.map(async (name) => ({ name, deployed: await findFunction(name) })),
    );
    const urls = Object.fromEntries(
      found.flatMap(({ name, deployed }) => {
        const url = given[name] ?? deployed?.url;
        return url === undefined ? [] : [[name, url]];
      }),
    );
    const notes = found.flatMap(({ name, deployed }) =>
      explain(name, deployment, deployed, urls[name] === undefined ? 'has no address' : undefined),
    );
    return {
      notes: [...notes, ...(sweeps ? await checkTimed(deployment, findFunction) : [])],
      urls,
    };
  } catch (error) {
    return { notes: [explainFailedCall('deployment', error)], urls: given };
  }
}

async function checkTimed(
  deployment: Deployment,
  findFunction: FindFunction,
): Promise<readonly Note[]> {
  const deployed = await findFunction('sweep');
  const lack = deployed?.timed === false ? 'has no timer that is switched on' : undefined;
  return explain('sweep', deployment, deployed, lack);
}

/** @param lack what is missing for the function to be called. */
function explain(
  name: string,
  { service, stage, region }: Deployment,
  deployed: DeployedFunction | undefined,
  lack: string | undefined,
): readonly Note[] {
  const full = `${service}-${stage}-${name}`;
  if (deployed === undefined) {
    return [
      finding(
        'deployment',
        `${full} is not deployed in ${region}.`,
        'Deploy it, or say with --region, --service and --stage where it is.',
      ),
    ];
  }
  const notes: Note[] = [];
  if (!isRuntimeGood(deployed.runtime)) {
    notes.push(
      finding(
        'deployment',
        `${full} runs on ${deployed.runtime || 'an unknown runtime'}, and needs Node.js ${OLDEST_NODE.join('.')} or newer.`,
        'The runtime of a function cannot be changed: remove it, set the runtime in serverless.yml, and deploy again.',
      ),
    );
  }
  if (CALLERS_OF_VOD.has(name) && deployed.role === '') {
    notes.push(
      finding(
        'deployment',
        `${full} has no execution role, so it has no credentials to call VOD with.`,
        'Make a role with the policy deploy/cam/function-role.json, name it in VOD_ROLE, and deploy again.',
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

/** Names of runtimes: https://cloud.tencent.com/document/product/583/11060. */
function isRuntimeGood(runtime: string): boolean {
  const [, major, minor] = /^Nodejs(\d+)\.(\d+)$/.exec(runtime) ?? [];
  if (major === undefined) return false;
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  const newer = Number(major) > oldestMajor;
  return newer || (Number(major) === oldestMajor && Number(minor) >= oldestMinor);
}
