import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../lib/config/environment.ts';
import { ALL_IS_READ } from './load-variables.ts';

const SERVERLESS = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
/** So that Serverless sends no statistics and looks for no news. */
const QUIET = fileURLToPath(new URL('serverless.env', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url));

/** What a serverless.yml is read with. */
export interface ServiceReading {
  /** All variables: no file .env is read beside them. */
  readonly environment: Environment;
  /** As a deployment is told on its command line. */
  readonly stage: string;
  readonly region?: string | undefined;
}

/**
 * Returns `custom` of the serverless.yml in `folder`, read by Serverless itself: its variables are resolved, and so is
 * what it takes from other files. It is undefined where the file has none.
 *
 * @param reading what a deployment would be told; the variables of this process and of .env where it is left out.
 * @throws with what Serverless says of a file that it cannot read.
 */
export async function readServiceCustom(
  folder: string,
  reading?: ServiceReading,
): Promise<unknown> {
  const { custom }: { custom?: unknown } = JSON.parse(await printService(folder, reading));
  return custom;
}

/**
 * Returns the folder of what Serverless has compiled, without which it does nothing: the home directory, as by default, or
 * one of this project where that cannot be written, as that of a container's user.
 */
function findCompiled(): Promise<string> {
  const home = homedir();
  return access(home, constants.W_OK).then(
    () => home,
    () => CACHE,
  );
}

async function printService(folder: string, reading: ServiceReading | undefined): Promise<string> {
  const { environment, stage, region } = reading ?? {};
  const env = {
    ...(environment ? { ...environment, [ALL_IS_READ]: 'yes' } : process.env),
    SLS_SCHEMA_CACHE_BASE_DIR: await findCompiled(),
  };
  const told = Object.entries({ stage, region }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return new Promise((print, failed) => {
    execFile(
      process.execPath,
      [`--env-file=${QUIET}`, SERVERLESS, 'print', '--format', 'json', ...told],
      { cwd: folder, env },
      (error, output, messages) => {
        if (error === null) return print(output);
        // What is wrong, it says where its answer would be; what is wrong with .env, load-variables.ts does.
        const reason = (output.trim() || messages.trim()).replace(/^Error:\s*/, '');
        failed(new Error(`serverless.yml cannot be read: ${reason}`, { cause: error }));
      },
    );
  });
}
