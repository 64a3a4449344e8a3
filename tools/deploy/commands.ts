import { type Cloud, tagsOf } from './cloud/cloud.ts';
import { type Code, nameCode, readDigest } from './code.ts';
import { type Deployment, deleteWhatLeft, deployFunctions, storeOnce } from './deploy.ts';
import { DeployError } from './deploy-error.ts';
import { describeAddresses } from './info.ts';
import type { FunctionSpec, Service } from './service.ts';
import { chooseCode, listCode, pruneCode, verifyCode } from './stored-code.ts';
import { readSettled } from './wait-until-active.ts';

/** What a command that calls the cloud needs. */
export interface Session {
  readonly service: Service;
  readonly cloud: Cloud;
  /** Writes a result. */
  readonly print: (text: string) => void;
}

/**
 * Deploys the whole service.
 *
 * @throws {DeployError}
 */
export async function deployService({ service, cloud, print }: Session, code: Code): Promise<void> {
  for (const { key, missing } of service.leftOut) {
    cloud.note(`${key}: left out, since ${missing.join(', ')} is not set`);
  }
  const deployment = describeDeployment(service, code, cloud);
  const deployed = await deployFunctions(service.functions, deployment, cloud);
  const changes = deployed + (await deleteWhatLeft(service, cloud));
  const pruned = await pruneCode(service, code.digest, cloud.bucket);
  if (pruned > 0) cloud.note(`old code: ${pruned} deleted, the last 3 kept`);
  print(describeChanges(changes));
  print(await describeAddresses(service, cloud.scf));
}

function describeDeployment(service: Service, code: Code, cloud: Cloud): Deployment {
  const { removes } = service;
  return { code: storeOnce(service, code, cloud), tags: tagsOf(service), removes };
}

/**
 * Returns the function with this name in the file.
 *
 * @throws {DeployError} where there is none.
 */
export function findFunction({ functions }: Service, key: string | undefined): FunctionSpec {
  const found = functions.find((spec) => spec.key === key);
  if (found !== undefined) return found;
  const names = functions.map((spec) => spec.key).join(', ');
  throw new DeployError(`There is no function ${key} to deploy: there are ${names}.`);
}

/**
 * Deploys these functions of the service and no others.
 *
 * @throws {DeployError}
 */
export async function deployFunction(
  { service, cloud, print }: Session,
  code: Code,
  functions: readonly FunctionSpec[],
): Promise<void> {
  const deployment = describeDeployment(service, code, cloud);
  print(describeChanges(await deployFunctions(functions, deployment, cloud)));
  print(await describeAddresses({ functions }, cloud.scf));
}

/**
 * Gives the deployed functions an earlier archive, whose digest is verified; everything else is as serverless.yml says.
 *
 * @param storedAt when that code was stored, as `serverless deploy list` shows it; absent for the newest that is not in
 * use.
 * @throws {DeployError}
 */
export async function rollBack(
  { service, cloud, print }: Session,
  storedAt: string | undefined,
): Promise<void> {
  const used = new Set<string | undefined>();
  for (const { name } of service.functions) {
    const state = await readSettled(cloud.scf, name, cloud.pause);
    if (state === undefined)
      throw new DeployError(`${name} is not deployed: nothing to roll back.`);
    used.add(readDigest(state.Description));
  }
  const { digest } = chooseCode(await listCode(service, cloud.bucket), used, storedAt);
  await verifyCode(service, digest, cloud.bucket);
  const { region } = service;
  const object = { bucket: cloud.bucketName, region, key: nameCode(service, digest) };
  const code = { digest, store: async () => object };
  const deployment = { code, tags: tagsOf(service), removes: service.removes };
  print(describeChanges(await deployFunctions(service.functions, deployment, cloud)));
}

function describeChanges(changes: number): string {
  return changes === 0
    ? 'No changes: the cloud has this code and this configuration already.\n'
    : `Done: ${changes} ${changes === 1 ? 'change' : 'changes'}.\n`;
}
