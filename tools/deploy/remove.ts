import { type Cloud, searchTagsOf } from './cloud/cloud.ts';
import { DeployError, listProblems } from './deploy-error.ts';
import type { Service } from './service.ts';
import { listCode } from './stored-code.ts';

/** Deletes a function with its triggers; returns false if it does not exist. */
export async function deleteFunction(name: string, { scf }: Pick<Cloud, 'scf'>): Promise<boolean> {
  for (const trigger of await scf.listTriggers(name)) await scf.deleteTrigger(name, trigger);
  return scf.deleteFunction(name);
}

/**
 * Removes everything that was deployed of `service`, and returns how many things. It continues after what does not
 * exist and after what fails.
 *
 * @param ownsBucket whether this tool created the bucket and removes it, too, when it is empty.
 * @throws {DeployError} that describes everything that is still there.
 */
export async function removeService(
  service: Service,
  ownsBucket: boolean,
  cloud: Cloud,
): Promise<number> {
  const failures: string[] = [];
  let removed = 0;
  const attempt = async (what: string, step: () => Promise<boolean>) => {
    try {
      if (!(await step())) return;
      removed += 1;
      cloud.note(`${what}: removed`);
    } catch (error) {
      if (!(error instanceof DeployError)) throw error;
      failures.push(`${what}: ${error.message}`);
    }
  };

  for (const name of await listNames(service, cloud, failures)) {
    await attempt(name, () => deleteFunction(name, cloud));
  }
  await attempt('code', async () => {
    const stored = await listCode(service, cloud.bucket);
    for (const { key } of stored) await attempt(key, () => deleteObject(key, cloud));
    return false;
  });
  if (ownsBucket) await attempt(`bucket ${cloud.bucketName}`, () => removeBucket(cloud));
  if (failures.length === 0) return removed;
  throw new DeployError(listProblems('Not everything is removed.', failures));
}

async function deleteObject(key: string, { bucket }: Cloud): Promise<boolean> {
  await bucket.delete(key);
  return true;
}

/** Other services store their code in the same bucket, so it is removed with the last of them. */
async function removeBucket({ bucket }: Cloud): Promise<boolean> {
  return (await bucket.list('')).length === 0 && (await bucket.remove());
}

/** Returns the functions of the file, and those of earlier versions of it. */
async function listNames(
  service: Service,
  { scf }: Cloud,
  failures: string[],
): Promise<ReadonlySet<string>> {
  const names = [...service.functions, ...service.leftOut].map(
    ({ key }) => `${service.name}-${service.stage}-${key}`,
  );
  try {
    return new Set([...names, ...(await scf.listFunctions(searchTagsOf(service)))]);
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    failures.push(`looking for other functions of the service: ${error.message}`);
    return new Set(names);
  }
}
