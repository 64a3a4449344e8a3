import { randomUUID } from 'node:crypto';
import { type Ledger, openLedger } from '../../lib/ledger/ledger.ts';
import { FILLED_AT, OPEN_ENDPOINT } from '../lib/ledger/filled-ledger.ts';
import { placeCalls, RECURRING_CALLS, SETTLING_CALLS } from './recurring-calls.ts';

/** Rounds that are measured, after those in which statements are planned and pages are read for the first time. */
const ROUNDS = 41;
const WARM_ROUNDS = 5;

/** What one call takes in ledgers of different sizes. */
export interface Growth {
  readonly name: string;
  /** Median milliseconds, in the order of the ledgers. */
  readonly milliseconds: readonly number[];
  /** Median of the last ledger in units of that of the first one. */
  readonly ratio: number;
  /** Half of the rounds had a ratio between these two. */
  readonly low: number;
  readonly high: number;
}

/** A filled ledger. */
export interface Size {
  readonly url: string;
  readonly uploads: number;
}

/** Measures the recurring calls in ledgers of growing size, in turns, so that all see the same machine. */
export async function measureGrowth(sizes: readonly Size[]): Promise<readonly Growth[]> {
  const targets = [{ id: OPEN_ENDPOINT, events: ['upload.*'] }];
  const ledgers = sizes.map(({ url, uploads }) => {
    const options = { clock: { now: () => FILLED_AT }, random: { key: randomUUID }, targets };
    return { uploads, ledger: openLedger(url, { ...options, answerMilliseconds: 600_000 }) };
  });
  const growths: Growth[] = [];
  for (const name of [...Object.keys(RECURRING_CALLS), ...Object.keys(SETTLING_CALLS)]) {
    const rounds: number[][] = [];
    for (let round = 0; round < WARM_ROUNDS + ROUNDS; round += 1) {
      const times: number[] = [];
      for (const { ledger, uploads } of ledgers) {
        times.push(await timeCall(ledger, name, round, uploads));
      }
      if (round >= WARM_ROUNDS) rounds.push(times);
    }
    growths.push(describe(name, rounds));
  }
  for (const { ledger } of ledgers) await ledger.close();
  return growths;
}

async function timeCall(ledger: Ledger, name: string, round: number, uploads: number) {
  const place = placeCalls(round, uploads);
  const settle = await SETTLING_CALLS[name]?.(ledger);
  const startedAt = performance.now();
  const end = await (settle?.() ?? RECURRING_CALLS[name]?.(ledger, place));
  const milliseconds = performance.now() - startedAt;
  if (typeof end === 'function') await end();
  return milliseconds;
}

function describe(name: string, rounds: readonly (readonly number[])[]): Growth {
  const milliseconds = (rounds[0] ?? []).map((_, size) =>
    at(
      rounds.map((times) => times[size] ?? 0),
      0.5,
    ),
  );
  const ratios = rounds.map((times) => (times.at(-1) ?? 0) / (times[0] ?? 1));
  return {
    ...{ name, milliseconds, ratio: (milliseconds.at(-1) ?? 0) / (milliseconds[0] ?? 1) },
    ...{ low: at(ratios, 0.25), high: at(ratios, 0.75) },
  };
}

function at(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0;
}
