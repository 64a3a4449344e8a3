import { checkRemovals } from './check-removals.ts';
import { type Cloud, searchTagsOf } from './cloud/cloud.ts';
import type { FunctionState } from './cloud/function-state.ts';
import type { CodeObject, Tags } from './cloud/scf.ts';
import { type Code, nameCode } from './code.ts';
import {
  clearWhatLeft,
  compareTriggers,
  describeConfiguration,
  differsInCode,
  listDifferences,
} from './compare.ts';
import { DeployError, listProblems } from './deploy-error.ts';
import { deleteFunction } from './remove.ts';
import type { FunctionSpec, Service } from './service.ts';
import { verifyCode } from './stored-code.ts';
import { readSettled, waitUntilActive } from './wait-until-active.ts';

/** The code to deploy. */
export interface CodeSource {
  readonly digest: string;
  /**
   * Makes sure that the archive is in the bucket, and returns its place.
   *
   * @throws {DeployError} where it cannot be stored, or other bytes have its name.
   */
  readonly store: () => Promise<CodeObject>;
}

/** What the functions of a deployment have in common. */
export interface Deployment {
  readonly code: CodeSource;
  readonly tags: Tags;
  /** Variables that functions may lose. */
  readonly removes: readonly string[];
}

/** Returns code that is stored when it is first needed. */
export function storeOnce(
  service: Pick<Service, 'name' | 'stage' | 'region'>,
  { zip, digest }: Code,
  { bucket, bucketName, note }: Cloud,
): CodeSource {
  let stored: Promise<CodeObject> | undefined;
  const store = async () => {
    const key = nameCode(service, digest);
    if (await bucket.store(key, zip)) note(`${key}: stored, ${zip.length} bytes`);
    else await verifyCode(service, digest, bucket);
    return { bucket: bucketName, region: service.region, key };
  };
  return {
    digest,
    store: () => {
      stored ??= store();
      return stored;
    },
  };
}

/**
 * Makes functions match their `specs` and `code`, and returns how many things it changed. What matches already is not
 * changed, so after a failure the same command continues where it ended. If one function fails, the others are still
 * deployed.
 *
 * @throws {DeployError} that names every function that failed.
 */
export async function deployFunctions(
  specs: readonly FunctionSpec[],
  { code, tags, removes }: Deployment,
  cloud: Cloud,
): Promise<number> {
  const states = await readAll(specs, cloud);
  checkRemovals(specs, states, removes);
  const failures: string[] = [];
  let changes = 0;
  for (const spec of specs) {
    try {
      const done = await deployOne({ spec, code, tags }, states.get(spec.name), cloud);
      if (done.length > 0) cloud.note(`${spec.name}: ${done.join(', ')}`);
      changes += done.length;
    } catch (error) {
      if (!(error instanceof DeployError)) throw error;
      failures.push(`${spec.name}: ${error.message}`);
    }
  }
  if (failures.length === 0) return changes;
  throw new DeployError(
    listProblems('Not everything is deployed; run the same command again to continue.', failures),
  );
}

/** Reads the state of all functions before any change, so that impossible changes are reported first. */
async function readAll(
  specs: readonly FunctionSpec[],
  { scf, pause }: Cloud,
): Promise<ReadonlyMap<string, FunctionState>> {
  const states = new Map<string, FunctionState>();
  const others: string[] = [];
  for (const { name, runtime } of specs) {
    const state = await readSettled(scf, name, pause);
    if (state === undefined) continue;
    if (!isHalfMade(state) && state.Runtime !== runtime) {
      others.push(`${name} has the runtime ${state.Runtime}, and should have ${runtime}`);
    }
    states.set(name, state);
  }
  if (others.length === 0) return states;
  throw new DeployError(listProblems(RUNTIME_STAYS, others));
}

const RUNTIME_STAYS =
  'The cloud cannot change the runtime of a function. Set RUNTIME to what is deployed, or remove the functions ("npm run remove") and deploy again, which gives them new addresses:';

/** A function whose creation failed cannot be changed, only deleted. */
function isHalfMade({ Status }: FunctionState): boolean {
  return Status === 'CreateFailed';
}

interface Step extends Omit<Deployment, 'removes'> {
  readonly spec: FunctionSpec;
}

/** Returns what was done, in words. */
async function deployOne(
  step: Step,
  state: FunctionState | undefined,
  cloud: Cloud,
): Promise<readonly string[]> {
  const { spec, code, tags } = step;
  if (state !== undefined && !isHalfMade(state)) {
    return [...(await updateOne(step, state, cloud)), ...(await deployTriggers(spec, cloud))];
  }
  if (state !== undefined) {
    await deleteFunction(spec.name, cloud);
    await readSettled(cloud.scf, spec.name, cloud.pause);
  }
  const configuration = describeConfiguration(spec, code.digest);
  await cloud.scf.createFunction(spec, configuration, await code.store(), tags);
  await waitUntilActive(cloud.scf, spec.name, cloud.pause);
  return ['created', ...(await deployTriggers(spec, cloud))];
}

/** Writes the digest of the code last, so that the next deployment repeats one that was interrupted before. */
async function updateOne(
  { spec, code }: Step,
  state: FunctionState,
  { scf, pause }: Cloud,
): Promise<readonly string[]> {
  const done: string[] = [];
  // After a failed update it is unknown which code the function has.
  if (state.Status !== 'Active' || differsInCode(spec, code.digest, state)) {
    await scf.updateCode(spec, await code.store());
    await waitUntilActive(scf, spec.name, pause);
    done.push('code updated');
  }
  const configuration = describeConfiguration(spec, code.digest);
  const differences = listDifferences(configuration, state);
  if (differences.length > 0) {
    await scf.updateConfiguration(spec.name, clearWhatLeft(configuration, state));
    await waitUntilActive(scf, spec.name, pause);
    done.push(...differences.map((part) => `${part} updated`));
  }
  return done;
}

async function deployTriggers(
  { name, triggers }: FunctionSpec,
  { scf }: Cloud,
): Promise<readonly string[]> {
  const { create, update, remove } = compareTriggers(triggers, await scf.listTriggers(name));
  for (const state of remove) await scf.deleteTrigger(name, state);
  for (const { spec, state } of update) {
    if (spec.type === 'http') {
      await scf.updateUrl(name, spec, state);
    } else {
      await scf.deleteTrigger(name, state);
      await scf.createTrigger(name, spec);
    }
  }
  for (const spec of create) await scf.createTrigger(name, spec);
  return [
    ...remove.map(({ Type, TriggerName }) => `${Type} trigger ${TriggerName} removed`),
    ...update.map(({ spec, state }) => `${spec.type} trigger ${state.TriggerName} updated`),
    ...create.map(({ type, name: trigger }) => `${type} trigger ${trigger} created`),
  ];
}

/** Deletes the functions that are no longer in the service's file, and returns how many. */
export async function deleteWhatLeft(service: Service, cloud: Cloud): Promise<number> {
  const wanted = new Set(service.functions.map(({ name }) => name));
  const there = await cloud.scf.listFunctions(searchTagsOf(service));
  const left = there.filter((name) => !wanted.has(name));
  for (const name of left) {
    await deleteFunction(name, cloud);
    cloud.note(`${name}: removed, serverless.yml does not have it`);
  }
  return left.length;
}
