import { type ChildProcess, fork } from 'node:child_process';
import type { Call, Report } from './messages.ts';

/** A function and what the gateway needs to run it. */
export interface FunctionDefinition {
  readonly name: string;
  /** Path of its bundle. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** Invented host names that the function can reach over https, with the origins that they stand for. */
  readonly publicNames?: Readonly<Record<string, string>>;
}

/** The result of a call. `log` is what the function wrote during it. */
export type Outcome = { readonly log: string } & (
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'exit' }
);

/** One process with one copy of a function, which handles one call at a time. */
export interface Instance {
  call(call: Call): Promise<Outcome>;
  /** Returns whether the process can handle another call. */
  isAlive(): boolean;
  stop(): Promise<void>;
}

/** Starts an instance of `definition` in a process that runs `runtime`. */
export function startInstance(definition: FunctionDefinition, runtime: string): Instance {
  const child = fork(runtime, [definition.file, JSON.stringify(definition.publicNames ?? {})], {
    env: { ...definition.environment },
    execArgv: [`--max-old-space-size=${definition.memoryMegabytes}`],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const ready = new Promise<void>((resolve) => {
    child.on('message', (report: Report) => report.kind === 'ready' && resolve());
  });
  return {
    async call(call) {
      await Promise.race([ready, exited]);
      return performCall(child, call, exited);
    },
    isAlive: () => child.connected && !child.killed && child.exitCode === null,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function performCall(
  child: ChildProcess,
  call: Call,
  exited: Promise<void>,
): Promise<Outcome> {
  if (!child.connected) return { kind: 'exit', log: '' };
  let log = '';
  let listener: (report: Report) => void = () => undefined;
  const reported = new Promise<Outcome>((resolve) => {
    listener = (report) => {
      if (report.kind === 'output') log += report.text;
      if (report.kind === 'result') resolve({ kind: 'result', value: report.value, log });
      if (report.kind === 'error') resolve({ kind: 'error', message: report.message, log });
    };
  });
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'timeout', log }), call.timeLimitMilliseconds);
  });
  child.on('message', listener);
  child.send(call);
  const outcome = await Promise.race([
    reported,
    timedOut,
    exited.then((): Outcome => ({ kind: 'exit', log })),
  ]);
  clearTimeout(timer);
  child.off('message', listener);
  // The state of a function that exceeded its time limit is unknown, so its process gets no further calls.
  if (outcome.kind === 'timeout') child.kill('SIGKILL');
  return outcome;
}
