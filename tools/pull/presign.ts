import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** Returns a fresh URL of a source; undefined if there is none. */
export type Presign = (source: Readonly<Record<string, unknown>>) => Promise<string | undefined>;

/** Attempts for one URL: the command may ask a server that is busy. */
const ATTEMPTS = 3;
const PAUSE_MILLISECONDS = 1_000;

/**
 * Creates the function that asks a command of the user's shell for a URL: the command reads the source as a line of JSON, and
 * writes the URL.
 *
 * @param folder in which it runs.
 */
export function createPresign(command: string, folder: string): Presign {
  return async (source) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const url = await run(command, folder, `${JSON.stringify(source)}\n`);
      if (url !== undefined) return url;
      if (attempt < ATTEMPTS) await sleep(PAUSE_MILLISECONDS);
    }
    return undefined;
  };
}

async function run(command: string, folder: string, input: string): Promise<string | undefined> {
  const child = spawn(command, { shell: true, cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  // A command that needs no input may end before it has read any.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  const [written, code] = await Promise.all([text(child.stdout), ended]);
  const url = written.trim();
  return code === 0 && URL.canParse(url) ? url : undefined;
}
