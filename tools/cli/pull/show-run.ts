import type { CountedRun } from '../../pull/run-answers.ts';
import type { RunService } from '../../pull/run-service.ts';
import {
  countPending,
  describeRun,
  type Rate,
  tabulateRun,
  watchRun,
} from '../../pull/watch-run.ts';
import { asTyped } from '../as-typed.ts';
import { CommandError, EXIT, type Surroundings } from '../command.ts';

/** Milliseconds between two looks, by the seconds that users give. @throws {CommandError} */
export function readEvery(text: string | undefined): number {
  const seconds = Number(text ?? '3');
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1_000;
  throw new CommandError('--every must be a number of seconds, such as 3.');
}

/** Milliseconds between two lines in a log. */
const LINE_MILLISECONDS = 10_000;

/**
 * Shows a run until nothing of it is under way: on a terminal as a table that is written again in its place, in a log as a
 * line from time to time, and as JSON. Returns the run as it is then.
 */
export function followRun(
  {
    service,
    runId,
    every,
    json,
  }: {
    readonly service: RunService;
    readonly runId: string;
    readonly every: number;
    readonly json: boolean;
  },
  surroundings: Surroundings,
): Promise<CountedRun> {
  const { now } = surroundings;
  return watchRun({ service, runId, every, now, show: createView(json, surroundings) });
}

function createView(json: boolean, { ask, now, writeError, writeOut, environment }: Surroundings) {
  let lines = 0;
  let before = '';
  let shownAt = Number.NEGATIVE_INFINITY;
  return (run: CountedRun, rate: Rate, percentages: readonly number[]): void => {
    const line = asTyped(describeRun(run, rate, percentages), environment);
    if (json) {
      const { total, states, bytes, reasons } = run;
      writeOut(
        `${JSON.stringify({ type: 'progress', total, states, bytes, reasons, ...rate, percentages })}\n`,
      );
      return;
    }
    if (ask !== undefined) {
      const table = asTyped(tabulateRun(run, rate, percentages), environment);
      // Moves to the first line of the table, and clears what follows: https://www.xfree86.org/current/ctlseqs.html.
      writeError(`${lines === 0 ? '' : `\u001b[${lines}A\u001b[J`}${table}`);
      lines = table.split('\n').length - 1;
      return;
    }
    const isDue = now() - shownAt >= LINE_MILLISECONDS || countPending(run) === 0;
    if (line === before || !isDue) return;
    before = line;
    shownAt = now();
    writeError(`${line}\n`);
  };
}

/** Returns the exit code for a run that has ended: whether all of it is there. */
export function judgeRun({ total, states }: CountedRun): number {
  return (states.ready ?? 0) === total ? EXIT.good : EXIT.no;
}
