import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from './documents.ts';

/** A shell that runs in the folder of the project, in its own process group. */
export interface Shell {
  /** The output so far of the shell and its processes. */
  readonly output: () => { readonly out: string; readonly err: string };
  /** Resolves with the exit code; undefined if a signal ended it. */
  readonly ended: Promise<number | undefined>;
  /** Ends it with all its processes. */
  stop(): Promise<void>;
}

/** Variables that a test runner sets for its own processes, and that a user's shell does not have. */
const OF_THE_RUNNER = /^(?:VITEST|NODE_ENV$|NODE_OPTIONS$|TEST$|MODE$|DEV$|PROD$|SSR$|BASE_URL$)/;

/** Starts a script as a user would who types it, with further environment variables. */
export function startShell(
  script: string,
  environment: Readonly<Record<string, string>> = {},
): Shell {
  const own = Object.entries(process.env).filter(([name]) => !OF_THE_RUNNER.test(name));
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    ...{ cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    env: { ...Object.fromEntries(own), ...environment },
  });
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    texts.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    texts.err += chunk;
  });
  // At `close`, unlike `exit`, no process of the group has its output open any more.
  const ended = once(child, 'close').then(([code]) =>
    typeof code === 'number' ? code : undefined,
  );
  return {
    output: () => ({ ...texts }),
    ended,
    async stop() {
      signalGroup(child);
      await ended;
    },
  };
}

function signalGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch (error) {
    // The process group has already ended.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
