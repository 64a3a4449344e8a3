import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../lib/config/environment.ts';
import { ALL_IS_READ } from './load-variables.ts';

const SERVERLESS = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
/** Variables for which Serverless sends no statistics and fetches no news. */
const QUIET = fileURLToPath(new URL('serverless.env', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url));

/** The input for reading a serverless.yml. */
export interface ServiceReading {
  /** All variables: no file .env is read in addition. */
  readonly environment: Environment;
  /** The options of a deployment's command line. */
  readonly stage: string;
  readonly region?: string | undefined;
}

/**
 * Returns `custom` of the serverless.yml in `folder`, read by Serverless itself, with its variables and its references
 * to other files resolved; undefined where the file has no `custom`.
 *
 * @param reading the input of a deployment; by default the variables of this process and of .env.
 * @throws an error with Serverless's message where it cannot read the file.
 */
export async function readServiceCustom(
  folder: string,
  reading?: ServiceReading,
): Promise<unknown> {
  const { custom }: { custom?: unknown } = JSON.parse(await printService(folder, reading));
  return custom;
}

/**
 * Returns the folder where Serverless stores its compiled schema, which it always needs: the home directory, which is
 * the default, or a folder of this project if the home directory cannot be written, such as that of a container's user.
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
        // Serverless writes its errors to stdout; load-variables.ts writes those of .env to stderr.
        const reason = (output.trim() || messages.trim()).replace(/^Error:\s*/, '');
        failed(new Error(`serverless.yml cannot be read: ${reason}`, { cause: error }));
      },
    );
  });
}
