import type { Environment } from '../../lib/config/environment.ts';
import * as deployment from '../deploy/read-variables.ts';
import type { Surroundings } from './command.ts';

/**
 * Returns the variables that a deployment from this folder has: those of the process, and those of `file` or else of
 * `.env.<stage>` or `.env`.
 *
 * @param file the one of `--env-file`.
 * @throws {DeployError} where a file is not there, cannot be read, or would be read otherwise elsewhere.
 */
export function readVariables(
  file: string | undefined,
  surroundings: Pick<Surroundings, 'environment' | 'folder'> & {
    readonly stage?: string | undefined;
  },
): Promise<Environment> {
  const { environment, folder, stage } = surroundings;
  return deployment.readVariables({ environment, folder, stage, file });
}
