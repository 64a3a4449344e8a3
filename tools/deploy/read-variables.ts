import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Environment } from '../../lib/config/environment.ts';
import { DeployError, listProblems } from './deploy-error.ts';
import { parseEnvFile } from './env-file.ts';

/** The stage that is meant where none is named; serverless.yml has the same. */
const USUAL_STAGE = 'dev';

/** What variables are read from. */
export interface VariableSources {
  /** Of the process: these go before those of a file. */
  readonly environment: Environment;
  readonly folder: string;
  /** Names the file `.env.<stage>`, which takes the place of `.env` where it is there; `dev` by default. */
  readonly stage?: string | undefined;
  /** Path of a file that takes the place of both. */
  readonly file?: string | undefined;
}

/**
 * Returns the variables of the process and of a file: of `file`, or else of the first of `.env.<stage>` and `.env` that
 * is there. A variable whose text is empty is not there, and one of the process that is empty hides the file's.
 *
 * This is the one way in which such files are read, by every command and by the deployment; which file is read is as
 * Serverless has it: https://www.serverless.com/framework/docs/environment-variables.
 *
 * @throws {DeployError} where a named file is not there, one cannot be read, or a value would be read otherwise elsewhere.
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

/** @throws {DeployError} where it is not UTF-8, such as what PowerShell 5 writes with ">". */
function decode(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DeployError(`${name} is not UTF-8: save it as UTF-8.`, { cause });
  }
}
