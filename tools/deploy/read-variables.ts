import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Environment } from '../../lib/config/environment.ts';
import { DeployError, listProblems } from './deploy-error.ts';
import { parseEnvFile } from './env-file.ts';

/** The default stage; serverless.yml has the same. */
const USUAL_STAGE = 'dev';

/** Sources of variables. */
export interface VariableSources {
  /** Variables of the process, which override those of a file. */
  readonly environment: Environment;
  readonly folder: string;
  /** Selects the file `.env.<stage>`, which is read instead of `.env` if it exists; `dev` by default. */
  readonly stage?: string | undefined;
  /** Path of a file that is read instead of both. */
  readonly file?: string | undefined;
}

/**
 * Returns the variables of the process and of a file: of `file`, or else of the first of `.env.<stage>` and `.env` that
 * exists. Empty variables are left out; an empty variable of the process hides the one of the file.
 *
 * Every command and the deployment read such files with this function. It selects the same file as Serverless:
 * https://www.serverless.com/framework/docs/environment-variables.
 *
 * @throws {DeployError} where `file` does not exist, a file cannot be read, or other programs would read a value
 * differently.
 */
export async function readVariables(sources: VariableSources): Promise<Environment> {
  const { environment } = sources;
  const all = { ...(await readFirst(sources)), ...environment };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

async function readFirst({ folder, stage, file, environment }: VariableSources) {
  const paths = file === undefined ? [`.env.${stage ?? USUAL_STAGE}`, '.env'] : [file];
  for (const path of paths) {
    const bytes = await readBytes(resolve(folder, path), path);
    if (bytes === undefined) continue;
    const isVariable = (name: string) => Boolean(environment[name]);
    const { variables, problems } = parseEnvFile(decode(bytes, path), isVariable);
    if (problems.length === 0) return variables;
    throw new DeployError(listProblems(`${path} must be corrected:`, problems));
  }
  if (file === undefined) return {};
  throw new DeployError(`There is no file ${file}.`);
}

async function readBytes(path: string, name: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return undefined;
    const text = `${name} cannot be read (${code}): ${basename(name)} must be a file that you may read.`;
    throw new DeployError(text, { cause: error });
  }
}

/** @throws {DeployError} where it is not UTF-8, such as a file that PowerShell 5 writes with ">". */
function decode(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DeployError(`${name} is not UTF-8: save it as UTF-8.`, { cause });
  }
}
