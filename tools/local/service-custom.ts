import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const SERVERLESS = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
/** So that Serverless sends no statistics and looks for no news. */
const QUIET = fileURLToPath(new URL('../deploy/serverless.env', import.meta.url));

/**
 * Answers `custom` of the serverless.yml in `folder`, read by Serverless itself: its variables are resolved, and so is
 * what it takes from other files.
 *
 * @throws with what Serverless says of a file that it cannot read.
 */
export function readServiceCustom(folder: string): Promise<unknown> {
  const print = ['print', '--path', 'custom', '--format', 'json'];
  return new Promise((read, failed) => {
    execFile(
      process.execPath,
      [`--env-file=${QUIET}`, SERVERLESS, ...print],
      { cwd: folder },
      (error, output) => {
        // What is wrong, it says where its answer would be.
        if (error === null) read(JSON.parse(output));
        else failed(new Error(`serverless.yml cannot be read: ${output.trim()}`, { cause: error }));
      },
    );
  });
}
