import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Environment } from '../../lib/config/environment.ts';
import { hideSecrets } from './hide-secrets.ts';

/** A fresh URL of a source, or why there is none: without secrets, to be shown. */
type Presigned = { readonly url: string } | { readonly reason: string };

/** Asks for a fresh URL of a source. Rejects with the reason of the signal, if that is aborted. */
export type Presign = (source: Readonly<Record<string, unknown>>) => Promise<Presigned>;

/** Where and how the command runs. */
interface PresignOptions {
  readonly folder: string;
  readonly environment: Environment;
  /** How long it may take for one URL. */
  readonly seconds: number;
  /** Ends what runs, with its children. */
  readonly signal: AbortSignal;
}

/** Most of the output that is read. A longer one is no URL. */
const MAX_BYTES = 65_536;
const SHOWN_CHARACTERS = 200;

/**
 * Creates the function that asks a command of the user's shell for a URL: the command reads the source as a line of JSON, and
 * writes the URL.
 */
export function createPresign(command: string, options: PresignOptions): Presign {
  const { environment, folder, signal } = options;
  return async (source) => {
    signal.throwIfAborted();
    const child = spawn(command, {
      ...{ shell: true, cwd: folder, env: environment, stdio: 'pipe' },
      // A group of its own, so that all of it can be ended.
      detached: process.platform !== 'win32',
    });
    // A command that needs no input may end before it has read any.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(source)}\n`);
    const output = { out: collect(child.stdout), error: collect(child.stderr) };
    const reason = await waitForEnd(child, options);
    const url = output.out().trim();
    if (reason === undefined && URL.canParse(url)) return { url };
    return { reason: `the command of --presign ${explain(reason, output, environment)}` };
  };
}

interface Output {
  readonly out: () => string;
  readonly error: () => string;
}

function explain(reason: string | undefined, { out, error }: Output, environment: Environment) {
  if (reason === undefined)
    return out().length > MAX_BYTES ? `wrote more than ${MAX_BYTES} bytes` : 'wrote no URL';
  const line = error()
    .split('\n')
    .find((each) => each.trim() !== '');
  if (line === undefined || !reason.startsWith('ended')) return reason;
  return `${reason}: ${hideSecrets(line.trim(), environment).slice(0, SHOWN_CHARACTERS)}`;
}

/** Returns the function that returns what has been read, up to a bound; the rest is dropped. */
function collect(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size <= MAX_BYTES) chunks.push(chunk);
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString();
}

/** Returns undefined if the command has ended well, and else what it did. */
function waitForEnd(
  child: ChildProcess,
  { seconds, signal }: PresignOptions,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const end = (reason: string | undefined) => {
      stop();
      resolve(reason);
    };
    const kill = () => {
      killAll(child);
      // What has left the group keeps them open.
      for (const stream of child.stdio) stream?.destroy();
    };
    const timer = setTimeout(() => {
      kill();
      end(`gave no URL within ${seconds} seconds`);
    }, seconds * 1_000);
    const abort = () => {
      kill();
      stop();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort);
    child.on('error', (error) => end(`cannot be started (${String(Object(error).code)})`));
    child.on('close', (code, name) => {
      if (code === 0) end(undefined);
      else end(code === null ? `was ended by ${name}` : `ended with exit code ${code}`);
    });
  });
}

/** Ends a command and all that it has begun. */
function killAll({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F']);
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}
