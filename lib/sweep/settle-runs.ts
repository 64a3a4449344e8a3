import type { UnsettledRun } from '../ledger/runs/pull-run-decisions.ts';
import type { PullRunLedger } from '../ledger/runs/pull-runs.ts';
import { ABSENT_ITEM_STATES, hasEnded } from '../model/pull-run.ts';
import { cancelRunItems, ITEMS_AT_ONCE } from '../pulls/ended-run.ts';
import type { StepCounts } from './step-counts.ts';
import { hasTime, type SweepRun } from './sweep-run.ts';

/** Counts of items of runs. */
export const RUN_COUNTS = ['items'] as const;

/** Longer than one step takes. */
const LEASE_SECONDS = 60;

/**
 * Sees to it that the items of runs have followed what was last decided about these: the call that paused, resumed, cancelled
 * or undid a run may have been interrupted. Of a run that was undone, too, this ends only what has no file yet; to delete files
 * is left to requests.
 */
export async function settleRuns(
  run: SweepRun,
  counts: StepCounts<(typeof RUN_COUNTS)[number]>,
): Promise<void> {
  const runs = await run.ledger.pullRuns();
  while (hasTime(run)) {
    const unsettled = await runs.claimUnsettled(LEASE_SECONDS);
    if (unsettled === undefined) return;
    try {
      const { count, cursor } = await settleItems(unsettled, runs, run);
      counts.add('items', count);
      await runs.noteSettled(unsettled, cursor);
    } catch (error) {
      // Others follow, and this one is due again when its lease ends.
      counts.fail(error);
    }
  }
}

async function settleItems(
  { run, cursor }: UnsettledRun,
  runs: PullRunLedger,
  { ledger }: SweepRun,
): Promise<{ readonly count: number; readonly cursor?: string | undefined }> {
  if (!hasEnded(run)) return runs.holdItems(run.runId, cursor);
  const which = { states: ABSENT_ITEM_STATES, limit: ITEMS_AT_ONCE, cursor };
  const page = await runs.listItems(run.runId, which);
  const { cancelled } = await cancelRunItems(run.runId, page.items, (work) => work(ledger));
  return { count: cancelled, cursor: page.cursor };
}
