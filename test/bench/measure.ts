import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Figure, summarize } from './line.ts';

/** One thing to measure, run repeatedly. */
export interface Case {
  readonly name: string;
  readonly run: () => unknown;
}

/** Begins to measure, and returns a function that returns the milliseconds that were used since. */
export type Meter = () => () => number;

const meterTime: Meter = () => {
  const startedAt = performance.now();
  return () => performance.now() - startedAt;
};

/** A case's cost in units of the first case, over all rounds. */
export interface Ratio extends Figure {
  readonly name: string;
}

const BATCH_MILLISECONDS = 20;
const ROUNDS = 21;

/**
 * Returns the cost of each case relative to the first one. Every round runs a batch of each, in changing order, and a
 * ratio compares only batches of one round: the speed of a shared machine changes from minute to minute. A cost is the time
 * that passes, unless `meter` measures another.
 */
export async function compare(
  cases: readonly Case[],
  meter: Meter = meterTime,
): Promise<readonly Ratio[]> {
  const calls: number[] = [];
  for (const measured of cases) calls.push(await findBatchSize(measured));
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const costs: number[] = [];
    for (let turn = 0; turn < cases.length; turn += 1) {
      const index = (round + turn) % cases.length;
      costs[index] = await runBatch(cases[index], calls[index] ?? 1, meter);
    }
    rounds.push(costs);
  }
  return cases.map(({ name }, index) => ({
    name,
    ...summarize(rounds.map((costs) => (costs[index] ?? 0) / (costs[0] ?? 1))),
  }));
}

/** How processes are measured. */
export interface ProcessOptions {
  /** The whole life of the process, or the milliseconds that it prints as its last line. */
  readonly measure: 'life' | 'printed';
  readonly environment?: NodeJS.ProcessEnv;
}

/** Returns the time of fresh processes relative to those of the first script, pair by pair. */
export async function compareProcesses(
  scripts: readonly { readonly name: string; readonly file: string }[],
  options: ProcessOptions = { measure: 'life' },
): Promise<readonly Ratio[]> {
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const times: number[] = [];
    for (let turn = 0; turn < scripts.length; turn += 1) {
      const index = (round + turn) % scripts.length;
      times[index] = await timeProcess(scripts[index]?.file ?? '', options);
    }
    rounds.push(times);
  }
  return scripts.map(({ name }, index) => ({
    name,
    ...summarize(rounds.map((times) => (times[index] ?? 0) / (times[0] ?? 1))),
  }));
}

// The processes may call a server in this process, so it must not block while they run.
const run = promisify(execFile);

async function timeProcess(
  file: string,
  { measure, environment }: ProcessOptions,
): Promise<number> {
  const startedAt = performance.now();
  const { stdout } = await run(process.execPath, [file], { env: environment ?? process.env });
  const life = performance.now() - startedAt;
  return measure === 'life' ? life : Number(stdout.trimEnd().split('\n').at(-1));
}

/** Milliseconds after which frequent code is optimized, also where the compiler of V8 has to wait for a core. */
const WARM_MILLISECONDS = 3_000;

/** Runs each case until its code is optimized: before that, it costs up to twice as much. */
export async function warmUp(cases: readonly Case[]): Promise<void> {
  for (const measured of cases) {
    const end = performance.now() + WARM_MILLISECONDS;
    while (performance.now() < end) await runBatch(measured, 16, meterTime);
  }
}

async function findBatchSize(measured: Case): Promise<number> {
  let calls = 16;
  while ((await runBatch(measured, calls, meterTime)) * calls < BATCH_MILLISECONDS) calls *= 2;
  return calls;
}

/** Returns milliseconds per call. */
async function runBatch(measured: Case | undefined, calls: number, meter: Meter): Promise<number> {
  if (measured === undefined) return 0;
  const { run } = measured;
  const stop = meter();
  for (let i = 0; i < calls; i += 1) {
    const result = run();
    // Awaiting a value that is not a promise would add noticeably to the cheapest cases.
    if (result instanceof Promise) await result;
  }
  return stop() / calls;
}
