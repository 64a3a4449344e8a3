import type { LogFields } from '../runtime/invocation.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import { defined } from '../validation/json-object.ts';
import type { Target } from '../webhooks/target.ts';
import { CHECK_COUNTS, checkUploads } from './check-uploads.ts';
import { confirmPending, UNCONFIRMED_COUNTS } from './confirm-pending.ts';
import { DELIVERY_COUNTS, deliverWaiting, fanOutEvents } from './deliver-waiting.ts';
import { drainEventQueue, QUEUE_COUNTS } from './drain-event-queue.ts';
import { drainPulls, PULL_COUNTS } from './drain-pulls.ts';
import { PRUNE_COUNTS, type PruneOptions, prune } from './prune.ts';
import {
  type DueApplications,
  noteAcceptance,
  selectApplications,
} from './refused-applications.ts';
import { ACTION_COUNTS, runMediaActions } from './run-media-actions.ts';
import { MEDIA_COUNTS, scanMedia } from './scan-media.ts';
import { RUN_COUNTS, settleRuns } from './settle-runs.ts';
import { createStepCounts, type ErrorCounts } from './step-counts.ts';
import { readSweepBacklog, type SweepBacklog, type SweepSummary } from './summary.ts';
import {
  type ApplicationRun,
  forEachInTime,
  hasTime,
  type Producers,
  type SweepRun,
} from './sweep-run.ts';

/** Options of a sweep. */
export interface SweepOptions extends PruneOptions {
  /** Whether VOD puts the events into a queue. */
  readonly pullsEvents: boolean;
  /** Targets of deliveries. */
  readonly targets: readonly Target[];
  /** Pulls that may be started within a second. */
  readonly pullsPerSecond: number;
}

/**
 * Does everything that is due, while there is time, and returns a summary. It never rejects.
 *
 * Steps that wait for different systems run in parallel, and one that fails does not stop the others. A step records
 * its work in the ledger immediately, and work that it has only started is due again when its lease expires: so a sweep
 * may end at any point, and any number of sweeps may run.
 */
export async function sweep(run: SweepRun, options: SweepOptions): Promise<SweepSummary> {
  const errors: ErrorCounts = new Map();
  const allCounts = createAllCounts(errors);
  const broken = new Set<string>();
  const runStep: StepRunner = async (name, work, about = {}) => {
    const report: SweepRun['report'] = (fields) => run.report({ ...fields, ...about, step: name });
    try {
      await work({ ...run, report });
    } catch (error) {
      broken.add(name);
      allCounts[name].fail(error);
      report({ ...toErrorLogFields(error), level: 'error' });
    }
  };
  // If the ledger fails now, each step finds out for itself, and says so.
  const selected = await selectApplications(run).catch(() => undefined);
  const runStepForEach = forEachApplication(run, selected, runStep);
  await runSteps({ runStep, runStepForEach }, allCounts, options);
  const outOfTime = !hasTime(run);
  // Last, with the time that is left.
  await runStep('prune', (each) => prune(each, allCounts.prune, options));

  let backlog: SweepBacklog | undefined;
  await runStep('backlog', async ({ ledger, clock }) => {
    backlog = await readSweepBacklog(ledger, clock.now());
  });
  const counted = Object.entries(allCounts).map(([name, { counts }]) => [name, counts] as const);
  return {
    steps: Object.fromEntries(counted),
    ...defined({ backlog }),
    errors: Object.fromEntries(errors),
    outOfTime,
    broken: [...broken],
  };
}

function createAllCounts(errors: ErrorCounts) {
  return {
    queue: createStepCounts(QUEUE_COUNTS, errors),
    unconfirmed: createStepCounts(UNCONFIRMED_COUNTS, errors),
    media: createStepCounts(MEDIA_COUNTS, errors),
    checks: createStepCounts(CHECK_COUNTS, errors),
    runs: createStepCounts(RUN_COUNTS, errors),
    pulls: createStepCounts(PULL_COUNTS, errors),
    actions: createStepCounts(ACTION_COUNTS, errors),
    fanOut: createStepCounts(['events'], errors),
    deliveries: createStepCounts(DELIVERY_COUNTS, errors),
    prune: createStepCounts(PRUNE_COUNTS, errors),
    backlog: createStepCounts([], errors),
  };
}

type AllCounts = ReturnType<typeof createAllCounts>;

/** Runs a step to its end, successful or not; its log lines name the step. */
type StepRunner = (
  name: keyof AllCounts,
  work: (run: SweepRun) => Promise<void>,
  about?: Pick<LogFields, 'subAppId'>,
) => Promise<void>;

/** Runs a step for each application. */
type ApplicationStepRunner = (
  name: keyof AllCounts,
  work: (run: ApplicationRun) => Promise<void>,
) => Promise<void>;

/** Applications that are handled at the same time: each may wait some seconds for its queue. */
const APPLICATIONS_AT_ONCE = 8;

function forEachApplication(
  run: SweepRun,
  selected: DueApplications | undefined,
  runStep: StepRunner,
): ApplicationStepRunner {
  const { due: applications, refused } = selected ?? { due: run.applications, refused: new Set() };
  const { random } = run;
  // There may be no time left for the last application, so the order changes from sweep to sweep.
  const first = Math.floor(random.fraction() * applications.length);
  const turns = [...applications.slice(first), ...applications.slice(0, first)];
  return async (name, work) => {
    await forEachInTime(turns, APPLICATIONS_AT_ONCE, run, {
      work: (subAppId) =>
        runStep(
          name,
          (each) => noteAcceptance({ ...each, subAppId }, refused, work),
          defined({ subAppId }),
        ),
    });
  };
}

async function runSteps(
  {
    runStep,
    runStepForEach,
  }: { readonly runStep: StepRunner; readonly runStepForEach: ApplicationStepRunner },
  allCounts: AllCounts,
  { pullsEvents, pullsPerSecond, targets }: SweepOptions,
): Promise<void> {
  let isOver = false;
  const producing = Promise.all([
    pullsEvents
      ? runStepForEach('queue', (run) => drainEventQueue(run, allCounts.queue))
      : undefined,
    runStep('unconfirmed', (run) => confirmPending(run, allCounts.unconfirmed)),
    // No upload expires before a scan has seen every file that may belong to it.
    runStepForEach('media', (run) => scanMedia(run, allCounts.media)).then(() =>
      runStep('checks', (run) => checkUploads(run, allCounts.checks)),
    ),
    runStep('runs', (run) => settleRuns(run, allCounts.runs)),
    runStep('pulls', (run) => drainPulls(run, allCounts.pulls, { pullsPerSecond })),
    runStep('fanOut', (run) => fanOutEvents(run, allCounts.fanOut)),
  ]);
  const producers: Producers = {
    isOver: () => isOver,
    over: producing.then(() => {
      isOver = true;
    }),
  };
  await Promise.all([
    producers.over,
    runStep('actions', (run) => runMediaActions(run, allCounts.actions, producers)),
    runStep('deliveries', (run) => deliverWaiting(run, allCounts.deliveries, targets, producers)),
  ]);
}
