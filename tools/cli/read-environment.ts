import type { Environment } from '../../lib/config/environment.ts';
import * as deployment from '../deploy/read-variables.ts';
import type { Surroundings } from './command.ts';

/**
 * Returns the variables of a deployment from this folder: those of the process, and those of `file` or else of
 * `.env.<stage>` or `.env`.
 *
 * @param file value of `--env-file`.
 * @throws {DeployError} where `file` does not exist, a file cannot be read, or other programs would read it
 * differently.
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
