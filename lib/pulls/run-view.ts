import type { RunCount } from '../ledger/runs/pull-run-items.ts';
import type { PullRun } from '../ledger/runs/pull-run-row.ts';
import type { RunItemState } from '../model/pull-run.ts';
import { formatMilliseconds } from '../uploads/upload-view.ts';

/** Returns a run in the form for answers. */
export function viewRun({ runId, name, state, createdAt, updatedAt }: PullRun) {
  return {
    ...{ runId, name, state },
    createdAt: formatMilliseconds(createdAt),
    updatedAt: formatMilliseconds(updatedAt),
  };
}

/** Returns the numbers of items in all, by state, and of those that failed by state and reason. */
export function viewCounts(counts: readonly RunCount[]) {
  const states: Partial<Record<RunItemState, number>> = {};
  for (const { state, count } of counts) states[state] = (states[state] ?? 0) + count;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
  const reasons = counts.filter(({ reason }) => reason !== undefined);
  return {
    total: sum(counts.map(({ count }) => count)),
    ...{ states, bytes: sum(counts.map(({ bytes }) => bytes)) },
    reasons: reasons
      .map(({ state, reason, count }) => ({ state, reason, count }))
      .toSorted((a, b) => b.count - a.count),
  };
}
