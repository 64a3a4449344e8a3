import { type EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { EXIT_OF_SIGPIPE, endWithOutput } from './lost-output.ts';
import { createDrawing, createProgress } from './progress.ts';
import { runCli } from './run-cli.ts';

const { stdin, stdout, stderr } = process;

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stderr });
  // The terminal is in raw mode, in which Ctrl+C is a key.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  // Ctrl+D, which is no answer.
  const ended = once(terminal, 'close').then(() => '');
  try {
    return await Promise.race([ended, terminal.question(question).catch(() => ended)]);
  } finally {
    terminal.close();
  }
}

const output = endWithOutput({ stdout, stderr, exit: (code) => process.exit(code) });

/** Returns what emits the signal. */
function sourceOf(signal: NodeJS.Signals): EventEmitter {
  return signal === 'SIGPIPE' ? output.reader : process;
}

function untilInterrupted(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGPIPE'] as const) {
    sourceOf(signal).once(signal, () => ending.abort());
  }
  return ending.signal;
}

const hasProxy = Object.entries(process.env).some(
  ([name, value = '']) => /^(?:https?|all)_proxy$/i.test(name) && value !== '',
);
if (hasProxy) {
  const { useProxies } = await import('./proxies.ts');
  await useProxies(process.env);
}

const exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  folder: process.cwd(),
  writeOut: (text) => stdout.write(text),
  writeError: (text) => stderr.write(text),
  showProgress: createProgress(stderr),
  ask: stdin.isTTY && stderr.isTTY ? ask : undefined,
  // https://no-color.org: any value except the empty text turns colours off.
  colours: stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
  columns: stdout.isTTY === true ? stdout.columns : undefined,
  untilInterrupted,
  now: Date.now,
  input: stdin,
  draw: stderr.isTTY ? createDrawing(stderr) : undefined,
  onSignal(name, listener) {
    const source = sourceOf(name).on(name, listener);
    return () => void source.off(name, listener);
  },
  endBy(name) {
    if (name === 'SIGPIPE') process.exit(EXIT_OF_SIGPIPE);
    process.kill(process.pid, name);
  },
});
process.exitCode = output.isGone() ? EXIT_OF_SIGPIPE : exitCode;
