import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createCoverFetcher } from '../../lib/actions/fetch-cover.ts';
import { type Ledger, openLedger } from '../../lib/ledger/ledger.ts';
import { drainPulls, PULL_COUNTS } from '../../lib/sweep/drain-pulls.ts';
import { createStepCounts } from '../../lib/sweep/step-counts.ts';
import type { SweepRun } from '../../lib/sweep/sweep-run.ts';
import { clock, random } from '../../lib/system.ts';
import { createCallBudget } from '../../lib/vod/call-budget.ts';
import { createVodApi } from '../../lib/vod/client.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { CONTEXTS } from '../support/source-contexts.ts';

/** The time that a sweep reserves for its end. */
const RESERVE_MILLISECONDS = 2_000;

/** Roughly how long VOD takes to answer. */
const ANSWER_MILLISECONDS = 50;

/** https://nodejs.org/docs/latest-v20.x/api/diagnostics_channel.html#http */
const REQUEST_START = 'http.client.request.start';

/** How fast queued pulls were sent by sweeps that overlap. */
export interface DrainCost {
  readonly pullsPerSecond: number;
  /** Calls in percent of what the limit allows between the first call and the last one. */
  readonly percent: number;
  readonly mostInSecond: number;
  readonly sent: number;
}

/** What is measured: each sweep begins while the one before it has three quarters of its time left. */
export interface DrainOptions {
  readonly pullsPerSecond: number;
  readonly sweeps: number;
  readonly sweepMilliseconds: number;
}

/** Measures how queued pulls are sent at a given rate, by the times at which their requests begin. */
export async function measureDrain(
  url: string,
  { pullsPerSecond, sweeps, sweepMilliseconds }: DrainOptions,
): Promise<DrainCost> {
  const server = await startServer();
  const times: number[] = [];
  const note = () => void times.push(performance.now());
  subscribe(REQUEST_START, note);
  const startedAt = performance.now();
  const sweep = async (index: number) => {
    await sleep(Math.max(0, (index - 0.75) * sweepMilliseconds));
    const end = (index + 1) * sweepMilliseconds + RESERVE_MILLISECONDS;
    const ledger = openLedger(url, { clock: Date, random: { key: randomUUID } });
    const run: SweepRun = {
      ...{ ledger, api: createApi(server.endpoint, pullsPerSecond, ledger) },
      ...{ clock, random, report: () => undefined },
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
    const sent = await Promise.all(Array.from({ length: sweeps }, (_, index) => sweep(index)));
    return {
      ...describeTimes(times, pullsPerSecond),
      sent: sent.reduce((sum, each) => sum + each, 0),
    };
  } finally {
    unsubscribe(REQUEST_START, note);
    server.close();
  }
}

async function startServer() {
  const file = fileURLToPath(new URL('./pull-server-process.ts', import.meta.url));
  const child = fork(file, [String(ANSWER_MILLISECONDS)]);
  const [endpoint] = await once(child, 'message');
  return { endpoint: String(endpoint), close: () => child.disconnect() };
}

function describeTimes(times: readonly number[], limit: number): Omit<DrainCost, 'sent'> {
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
  };
}

function createApi(endpoint: string, pullsPerSecond: number, ledger: Ledger) {
  const rates = { callsPerSecond: pullsPerSecond, pullsPerSecond, backgroundShare: 1 };
  const budget = createCallBudget(rates, ledger.leaseVodCalls, clock);
  return createVodApi(
    { endpoint, protocol: 'http', region: undefined, subAppId: undefined, pullsPerSecond },
    {
      readCredentials: () => ({ secretId: 'id', secretKey: 'key', token: undefined }),
      ...{ clock, random, budget },
    },
  );
}
