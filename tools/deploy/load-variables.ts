import { readVariables } from './read-variables.ts';

/** Tells this file in a child process that its environment has all variables already; not for users. */
export const ALL_IS_READ = 'VOD_UPLOAD_ALL_VARIABLES_READ';

/**
 * Sets the variables of this process for a deployment of `stage`, as {@link readVariables} returns them. Empty
 * variables are removed, so that the defaults of serverless.yml apply.
 *
 * @throws {DeployError} that names every variable that other programs would read differently.
 */
export async function loadVariables(
  process: Pick<NodeJS.Process, 'cwd' | 'env'>,
  stage: string,
): Promise<void> {
  if (process.env[ALL_IS_READ] !== undefined) return;
  const variables = await readVariables({
    ...{ environment: process.env, folder: process.cwd(), stage },
  });
  for (const name of Object.keys(process.env)) {
    if (process.env[name] === '') delete process.env[name];
  }
  Object.assign(process.env, variables);
}
