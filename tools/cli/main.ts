import { createInterface } from 'node:readline/promises';
import { createDrawing, createProgress } from './progress.ts';
import { runCli } from './run-cli.ts';

const { stdin, stdout, stderr } = process;

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

function untilInterrupted(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  return ending.signal;
}

const hasProxy = Object.entries(process.env).some(
  ([name, value = '']) => /^(?:https?|all)_proxy$/i.test(name) && value !== '',
);
if (hasProxy) {
  const { useProxies } = await import('./proxies.ts');
  await useProxies(process.env);
}

process.exitCode = await runCli(process.argv.slice(2), {
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
    process.on(name, listener);
    return () => void process.off(name, listener);
  },
  endBy: (name) => process.kill(process.pid, name),
});
