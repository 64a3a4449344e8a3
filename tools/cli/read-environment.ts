import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from '../../lib/config/environment.ts';
import { CommandError, type Surroundings } from './command.ts';

/** Where a deployment looks for variables, too. */
const USUAL_FILE = '.env';

/**
 * Answers the variables of the process, and those of `file` or else of `.env` where that is there. The process's own go
 * before those of the file, and a variable whose text is empty is not there, as at a deployment.
 *
 * @throws {CommandError} where a named file cannot be read.
 */
export async function readVariables(
  file: string | undefined,
  { environment, folder }: Pick<Surroundings, 'environment' | 'folder'>,
): Promise<Environment> {
  const text = await readFile(resolve(folder, file ?? USUAL_FILE), 'utf8').catch((cause) => {
    if (file === undefined) return '';
    throw new CommandError(`--env-file ${file} cannot be read.`, { cause });
  });
  const all = { ...parseEnv(text), ...environment };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}
