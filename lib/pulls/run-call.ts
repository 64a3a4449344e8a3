import type { PullRunLedger } from '../ledger/runs/pull-runs.ts';
import type { HttpEvent } from '../runtime/http-event.ts';
import type { Invocation } from '../runtime/invocation.ts';
import type { PullContext } from '../validation/pull-request.ts';
import type { PullOwner } from './prepare-pull.ts';
import type { RunPullDependencies } from './run-pulls.ts';

/** A request below `/pulls/runs` that its caller may make. */
export interface RunCall extends Invocation {
  readonly event: HttpEvent;
  /** Of the run in the path; empty if it names none. */
  readonly runId: string;
  readonly owner: PullOwner;
  readonly dependencies: RunPullDependencies;
}

/** Does `work` with the runs of the ledger. */
export function withRuns<Result>(
  { dependencies }: RunCall,
  work: (runs: PullRunLedger) => Promise<Result>,
): Promise<Result> {
  return dependencies.ledger(async (each) => work(await each.pullRuns()));
}

/** Returns what the items of a call are checked against. */
export function describeContext({ dependencies }: RunCall): PullContext {
  const { clock, urlPolicy } = dependencies;
  return { nowSeconds: Math.floor(clock.now() / 1_000), policy: urlPolicy };
}

/** Returns the numbers of items that were accepted and refused, which are also logged. */
export function countResults({ log }: RunCall, results: readonly object[]) {
  const refused = results.filter((result) => 'problem' in result).length;
  const counts = { accepted: results.length - refused, refused };
  Object.assign(log, { items: results.length, ...counts });
  return counts;
}
