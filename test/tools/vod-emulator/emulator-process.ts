import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import { makeFolder } from '../../support/make-folder.ts';

const PROGRAM = fileURLToPath(
  new URL('../../../tools/vod-emulator/vod-emulator.mjs', import.meta.url),
);

/** A run of the command. */
export interface EmulatorProcess {
  readonly child: ChildProcess;
  out(): string;
  err(): string;
  /** Such as `http://localhost:3001`; throws before the emulator has started. */
  readonly origin: string;
  /** Sends a signal; resolves with the exit code, or null if the signal ended the process itself. */
  stop(signal?: 'SIGINT' | 'SIGKILL'): Promise<number | null>;
  /** Resolves with the exit code of a run that ends by itself. */
  readonly ended: Promise<number | null>;
  /** Calls a control; resolves with its answer, whatever its status. */
  control(method: string, name: string, body?: object): Promise<Record<string, unknown>>;
}

/** Runs of the command in one test, which share a state folder. */
export interface EmulatorStage {
  /** A folder of the test; the state is in `state` below it. */
  readonly dir: string;
  readonly state: string;
  /** Runs the command, on a free port unless `args` has one. */
  run(args?: readonly string[], environment?: Readonly<Record<string, string>>): EmulatorProcess;
  /** The same; resolves when the emulator has started. */
  start(
    args?: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<EmulatorProcess>;
}

/** Gives each test of the file its own folder, and ends its processes. */
export function useEmulatorProcess(): EmulatorStage {
  let dir = '';
  let children: ChildProcess[] = [];
  beforeEach(async () => {
    dir = await makeFolder();
    children = [];
  });
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
  });

  const run: EmulatorStage['run'] = (args = [], environment = {}) => {
    const all = [PROGRAM, '--state', join(dir, 'state')];
    if (!args.includes('--port')) all.push('--port', '0');
    const env = { PATH: process.env['PATH'] ?? '', ...environment };
    const child = spawn(process.execPath, [...all, ...args], { cwd: dir, env });
    children.push(child);
    const started = openProcess(child);
    return started;
  };
  return {
    get dir() {
      return dir;
    },
    get state() {
      return join(dir, 'state');
    },
    run,
    async start(args, environment) {
      const started = run(args, environment);
      const stopped = started.ended.then((code) => {
        throw new Error(`It ended with ${code}: ${started.err()}`);
      });
      await Promise.race([expect.poll(started.out).toContain('Ctrl+C stops.'), stopped]);
      // It is expected to end later.
      stopped.catch(() => undefined);
      return started;
    },
  };
}

function openProcess(child: ChildProcess): EmulatorProcess {
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    texts.out += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    texts.err += String(chunk);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const readOrigin = () => {
    const [, origin] = /emulated at (\S+)/.exec(texts.out) ?? [];
    if (origin === undefined) throw new Error(`It has not started: ${texts.err}`);
    return origin;
  };
  return {
    ...{ child, ended },
    out: () => texts.out,
    err: () => texts.err,
    get origin() {
      return readOrigin();
    },
    stop(signal = 'SIGINT') {
      child.kill(signal);
      return ended;
    },
    async control(method, name, body) {
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(`${readOrigin()}/__local/${name}`, { method, ...text });
      return (await response.json()) as Record<string, unknown>;
    },
  };
}
