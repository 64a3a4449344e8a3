import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCoverFetcher } from '../../lib/actions/fetch-cover.ts';
import { openLedger } from '../../lib/ledger/ledger.ts';
import { drainPulls, PULL_COUNTS } from '../../lib/sweep/drain-pulls.ts';
import { createStepCounts } from '../../lib/sweep/step-counts.ts';
import type { SweepRun } from '../../lib/sweep/sweep-run.ts';
import { clock, random } from '../../lib/system.ts';
import { createVodApi } from '../../lib/vod/client.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { CONTEXTS } from '../support/source-contexts.ts';
import { startPullServer } from './pull-server.ts';

/** Length of the first sweep, whose end the waiting second one sees; and of the second one. */
const FIRST_MILLISECONDS = 30_000;
const SECOND_MILLISECONDS = 30_000;

/** The time that a sweep reserves for its end. */
const RESERVE_MILLISECONDS = 2_000;

/** Roughly how long VOD takes to answer. */
const ANSWER_MILLISECONDS = 50;

/** https://nodejs.org/docs/latest-v20.x/api/diagnostics_channel.html#http */
const REQUEST_START = 'http.client.request.start';

/** How fast queued pulls were sent by two sweeps that overlap. */
interface DrainCost {
  readonly pullsPerSecond: number;
  /** Calls in percent of what the limit allows between the first call and the last one. */
  readonly percent: number;
  readonly mostInSecond: number;
  /** From the last call of one sweep to the first of the next. */
  readonly handoverMilliseconds: number;
}

/**
 * Measures how queued pulls are sent at a given rate, by the times at which their requests begin. There must be more
 * pulls than can be sent in that time.
 */
export async function measureDrain(url: string, pullsPerSecond: number): Promise<DrainCost> {
  const server = await startPullServer(ANSWER_MILLISECONDS);
  const times: number[] = [];
  const note = () => void times.push(performance.now());
  subscribe(REQUEST_START, note);
  const startedAt = performance.now();
  const sweep = async (end: number) => {
    const ledger = openLedger(url, { now: Date.now, randomKey: randomUUID });
    const run: SweepRun = {
      ...{ ledger, api: createApi(server.endpoint, pullsPerSecond), sleep },
      ...{ now: Date.now, random: Math.random, report: () => undefined },
      ...{
        applications: [undefined] as const,
        contexts: CONTEXTS,
        settings: NO_SETTINGS,
        fetchCover: createCoverFetcher(),
        looksNow: false,
      },
      deadline: { left: () => end - (performance.now() - startedAt) },
    };
    const tally = createStepCounts(PULL_COUNTS, new Map());
    await drainPulls(run, tally, { pullsPerSecond });
    await ledger.close();
    if (tally.counts.failed > 0) throw new Error('Pulls were not sent');
    return tally.counts.sent;
  };
  try {
    const first = sweep(FIRST_MILLISECONDS + RESERVE_MILLISECONDS);
    await sleep(FIRST_MILLISECONDS / 4);
    const second = sweep(FIRST_MILLISECONDS + SECOND_MILLISECONDS + RESERVE_MILLISECONDS);
    const [sent] = await Promise.all([first, second]);
    return describeTimes(times, sent, pullsPerSecond);
  } finally {
    unsubscribe(REQUEST_START, note);
    server.close();
  }
}

function describeTimes(times: readonly number[], first: number, limit: number): DrainCost {
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
  const rate = (times.length - 1) / seconds;
  let most = 0;
  let from = 0;
  for (const [to, time] of times.entries()) {
    while (time - (times[from] ?? 0) >= 1_000) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return {
    pullsPerSecond: Math.round(rate * 10) / 10,
    percent: Math.round((rate / limit) * 1_000) / 10,
    mostInSecond: most,
    handoverMilliseconds: Math.round((times[first] ?? 0) - (times[first - 1] ?? 0)),
  };
}

function createApi(endpoint: string, pullsPerSecond: number) {
  return createVodApi(
    { endpoint, protocol: 'http', region: undefined, subAppId: undefined, pullsPerSecond },
    {
      readCredentials: () => ({ secretId: 'id', secretKey: 'key', token: undefined }),
      clock,
      random,
    },
  );
}
