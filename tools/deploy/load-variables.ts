import { readVariables } from './read-variables.ts';

/** Says to Serverless that its environment has all variables already; not for users. */
export const ALL_IS_READ = 'VOD_UPLOAD_ALL_VARIABLES_READ';

/**
 * Gives this process the variables that a deployment of `stage` is made with, as {@link readVariables} has them; one
 * whose text is empty is taken away, so that serverless.yml has its default for it.
 *
 * @throws {DeployError} that names every variable that would be read otherwise elsewhere.
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
