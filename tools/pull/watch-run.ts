import { setTimeout as sleep } from 'node:timers/promises';
import { PENDING_ITEM_STATES, type RunItemState } from '../../lib/model/pull-run.ts';
import { showText } from '../cli/show-text.ts';
import { showBytes, showNumber } from './describe-survey.ts';
import type { CountedRun } from './run-answers.ts';
import type { RunService } from './run-service.ts';

/** How a run is shown while it goes on. */
export interface WatchOptions {
  readonly service: RunService;
  readonly runId: string;
  /** Milliseconds between two looks. */
  readonly every: number;
  readonly now: () => number;
  /** Shows the present state; `percentages` are VOD's, of some items that it is fetching. */
  readonly show: (run: CountedRun, rate: Rate, percentages: readonly number[]) => void;
}

/** How fast a run goes on. */
export interface Rate {
  /** Items that end in a second; undefined after a single look. */
  readonly perSecond: number | undefined;
  /** Seconds until all have ended at this rate; undefined if that is not known. */
  readonly secondsLeft: number | undefined;
}

/** Items whose percentage is asked for. */
const SHOWN_PERCENTAGES = 5;

/** Shows a run until nothing of it is under way; returns it as it is then. */
export async function watchRun({
  service,
  runId,
  every,
  now,
  show,
}: WatchOptions): Promise<CountedRun> {
  const begun = now();
  let first: number | undefined;
  for (;;) {
    const run = await service.show(runId);
    const pending = countPending(run);
    first ??= pending;
    const seconds = Math.max((now() - begun) / 1_000, 0.001);
    const perSecond = Math.max(first - pending, 0) / seconds;
    const rate = { perSecond, secondsLeft: perSecond > 0 ? pending / perSecond : undefined };
    show(run, rate, await readPercentages(run, service));
    if (pending === 0) return run;
    // A long list takes its time to be counted: that must not become most of what the service does.
    await sleep(Math.max(every, every * (run.total / 20_000)));
  }
}

/** Returns the number of items that are under way. */
export function countPending({ states }: CountedRun): number {
  return PENDING_ITEM_STATES.reduce((sum, state) => sum + (states[state] ?? 0), 0);
}

async function readPercentages(run: CountedRun, service: RunService): Promise<readonly number[]> {
  if ((run.states.fetching ?? 0) === 0) return [];
  const percentages: number[] = [];
  const query = { state: 'fetching', with: 'progress', limit: String(SHOWN_PERCENTAGES) };
  let count = 0;
  for await (const { progress } of service.items(run.runId, query)) {
    if (progress !== undefined) percentages.push(progress);
    count += 1;
    if (count === SHOWN_PERCENTAGES) break;
  }
  return percentages;
}

/** In the order in which an item passes through them. */
const SHOWN: readonly RunItemState[] = [
  ...(['waiting', 'fetching', 'processing', 'ready', 'failed'] as const),
  ...(['refused', 'rejected', 'expired', 'cancelled', 'deleted', 'pruned'] as const),
];

/** Returns the state of a run in one line. */
export function describeRun(run: CountedRun, rate: Rate, percentages: readonly number[]): string {
  const states = SHOWN.flatMap((state) => {
    const count = run.states[state] ?? 0;
    const isUsual = ['waiting', 'fetching', 'processing', 'ready', 'failed'].includes(state);
    if (count === 0 && !isUsual) return [];
    const more =
      state === 'fetching' && percentages.length > 0
        ? ` (${percentages.map((each) => `${each} %`).join(', ')})`
        : '';
    return [`${showNumber(count)} ${state}${more}`];
  });
  return [...states, showBytes(run.bytes), ...describeRate(run, rate)].join(', ');
}

function describeRate(run: CountedRun, { perSecond, secondsLeft }: Rate): readonly string[] {
  const isPending = countPending(run) > 0;
  if (run.state === 'paused' && isPending) {
    return [`paused: "vod-upload runs resume ${showText(run.name)}" sends what waits`];
  }
  return [
    ...(perSecond === undefined ? [] : [`${perSecond.toFixed(1)} a second`]),
    ...(secondsLeft === undefined || !isPending ? [] : [`${showTime(secondsLeft)} left`]),
  ];
}

/** Returns the state of a run as a table: a line for each state, with its reasons below it. */
export function tabulateRun(run: CountedRun, rate: Rate, percentages: readonly number[]): string {
  const rows = SHOWN.flatMap((state) => {
    const count = run.states[state] ?? 0;
    if (count === 0) return [];
    const part = ((count / run.total) * 100).toFixed(1).padStart(5);
    const more = state === 'fetching' ? percentages.map((each) => `${each} %`).join(', ') : '';
    const reasons = run.reasons.filter((each) => each.state === state);
    return [
      `  ${state.padEnd(11)}${showNumber(count).padStart(11)}  ${part} %  ${more}`.trimEnd(),
      ...reasons.map((each) => `    ${showNumber(each.count).padStart(20)}  ${each.reason}`),
    ];
  });
  const shown = [
    `${showNumber(run.total)} items`,
    showBytes(run.bytes),
    ...describeRate(run, rate),
  ];
  const head = `run "${run.name}" (${run.state}): ${shown.join(', ')}`;
  return `${[head, ...rows].join('\n')}\n`;
}

function showTime(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5_400) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
