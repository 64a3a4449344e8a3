import { createCoverFetcher } from '../lib/actions/fetch-cover.ts';
import { checkDatabase } from '../lib/config/database-config.ts';
import { readSweepConfig, type SweepConfig } from '../lib/config/sweep-config.ts';
import { openLedger } from '../lib/ledger/ledger.ts';
import { listApplications, requireOwnApplication } from '../lib/policy/applications.ts';
import { loadSettings } from '../lib/policy/load-settings.ts';
import { writeLogLine } from '../lib/runtime/invocation.ts';
import { type Job, timerHandler } from '../lib/runtime/timer-handler.ts';
import { createRowExport } from '../lib/sweep/export-rows.ts';
import { describeSummary } from '../lib/sweep/summary.ts';
import { type SweepOptions, sweep } from '../lib/sweep/sweep.ts';
import type { SweepRun } from '../lib/sweep/sweep-run.ts';
import { clock, random } from '../lib/system.ts';
import { createCallBudget } from '../lib/vod/call-budget.ts';
import { createVodApi } from '../lib/vod/client.ts';
import { readVodCredentials } from '../lib/vod/credentials.ts';
import { createTargets } from '../lib/webhooks/create-targets.ts';

/** Dependencies of the job. */
export interface SweepDependencies
  extends SweepOptions,
    Omit<SweepRun, 'looksNow' | 'deadline' | 'report'> {}

const NAME = 'sweep';

/** The event's `Message` that makes the run reconcile immediately; the timer sends an empty one. */
const LOOK_NOW = 'now';

/** Reserved for finishing the work under way and for logging the result, in milliseconds. */
const RESERVE_MILLISECONDS = 3_000;

/** A run with less time than this cannot wait for VOD's queue and the slowest consumer, in milliseconds. */
const SHORTEST_MILLISECONDS = 20_000;

const HURRIED = `The function's timeout is too short: it must be more than ${SHORTEST_MILLISECONDS / 1_000} seconds, better 60 or more.`;

/** Returns the job that does everything that is due. */
export function createSweepJob({
  pullsEvents,
  targets,
  pullsPerSecond,
  retention,
  exportRows,
  ...dependencies
}: SweepDependencies): Job {
  return async ({ log, requestId, deadline }, message) => {
    const run: SweepRun = {
      ...dependencies,
      looksNow: message === LOOK_NOW,
      deadline: { left: () => deadline.left() - RESERVE_MILLISECONDS },
      report: (fields) => writeLogLine({ ...fields, function: NAME, requestId }),
    };
    const isHurried = deadline.left() < SHORTEST_MILLISECONDS;
    const options = { pullsEvents, targets, pullsPerSecond, retention, exportRows };
    const summary = await sweep(run, options);
    Object.assign(log, describeSummary(summary));
    if (isHurried && log.level !== 'error') Object.assign(log, { level: 'warn', reason: HURRIED });
    return summary;
  };
}

/** The function's entry point. */
export const main_handler = timerHandler(NAME, () => {
  const config = readSweepConfig(process.env);
  const job = openSweep(config);
  return async (...call) => (await job)(...call);
});

async function openSweep(config: SweepConfig): Promise<Job> {
  await checkDatabase(config);
  const { databaseUrl, databaseCa, vodApi, pullsEvents, delivery, rowExport } = config;
  const readCredentials = () => readVodCredentials(process.env);
  const targets = createTargets(delivery, { readCredentials, clock });
  const settings = await loadSettings(import.meta.dirname);
  const own = requireOwnApplication(settings.policy, vodApi.subAppId);
  const ledger = openLedger(databaseUrl, {
    ...{ databaseCa, clock, random, targets },
  });
  const rates = { ...vodApi, backgroundShare: config.backgroundShare };
  const budget = createCallBudget(rates, ledger.leaseVodCalls, clock);
  return createSweepJob({
    ledger,
    api: createVodApi(vodApi, { readCredentials, clock, random, budget }),
    applications: listApplications(settings.policy, own),
    contexts: config.contexts,
    settings,
    fetchCover: createCoverFetcher(),
    targets,
    pullsEvents,
    pullsPerSecond: vodApi.pullsPerSecond,
    retention: config.retention,
    exportRows: rowExport && createRowExport(rowExport, { readCredentials, clock }),
    clock,
    random,
  });
}
