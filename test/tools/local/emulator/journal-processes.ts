import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('journal-program.ts', import.meta.url));

/** A full disk must not spoil the cache of compiled files that all share. */
const env = { ...process.env, TSX_DISABLE_CACHE: '1' };

/** Kills a process that writes into the journal after `after` saved changes. Returns how many it said were saved. */
export async function killWriter(file: string, after: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, file], { env });
  let lines = '';
  child.stdout.on('data', (chunk) => {
    lines += String(chunk);
    if (lines.split('\n').length > after + 1) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return Number(lines.trimEnd().split('\n').at(-1));
}

/** Lets a process write into the journal until no file may grow. Returns the numbers of its lines, and its error. */
export async function runOnFullDisk(file: string): Promise<{ saved: number; failed: string }> {
  // In blocks of 512 bytes.
  const command = 'ulimit -f 16; exec "$0" "$@"';
  const args = ['-c', command, process.execPath, '--import', 'tsx', PROGRAM, file];
  const child = spawn('sh', args, { env });
  let lines = '';
  child.stdout.on('data', (chunk) => {
    lines += String(chunk);
  });
  await once(child, 'close');
  const [failed = '', saved] = lines.trimEnd().split('\n').reverse();
  return { saved: Number(saved), failed };
}
