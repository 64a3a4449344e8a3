import type { Ledger } from '../ledger/ledger.ts';
import type { LogFields } from '../runtime/invocation.ts';
import type { StepCounts } from './step-counts.ts';

/** What a sweep has done, and what it left. */
export interface SweepSummary {
  /** What each step has counted; `failed` is in every one. */
  readonly steps: Readonly<Record<string, StepCounts<never>['counts']>>;
  /** Missing where the ledger could not be asked. */
  readonly backlog?: SweepBacklog;
  /** How often something failed, by its reason. */
  readonly errors: Readonly<Record<string, number>>;
  /** Whether there may be more to do than there was time for. */
  readonly outOfTime: boolean;
  /** Steps that broke off. */
  readonly broken: readonly string[];
}

/** What is still to be done; ages are of the oldest, and 0 where there is none. */
export interface SweepBacklog {
  /** By how much the delivery that is most overdue is so. */
  readonly lagSeconds: number;
  readonly deliveries: number;
  readonly oldestDeliverySeconds: number;
  /** What waits for endpoints that are paused; of that, nothing is overdue. */
  readonly pausedDeliveries: number;
  readonly pausedEndpoints: number;
  readonly deadDeliveries: number;
  readonly notFannedOut: number;
  readonly unconfirmed: number;
  readonly oldestUnconfirmedSeconds: number;
  readonly actions: number;
  readonly oldestActionSeconds: number;
  readonly deadActions: number;
  readonly deadItems: number;
  readonly pulls: number;
  readonly unfinishedUploads: number;
}

/**
 * Returns what `ledger` still has to do.
 *
 * @param now Unix milliseconds.
 */
export async function readSweepBacklog(
  ledger: Pick<Ledger, 'readBacklog'>,
  now: number,
): Promise<SweepBacklog> {
  const { deliveries, unconfirmed, actions, ...rest } = await ledger.readBacklog();
  const age = ({ oldestAt = now }: { readonly oldestAt?: number }) =>
    Math.max(0, Math.round((now - oldestAt) / 1_000));
  return {
    lagSeconds: Math.round(rest.lagMilliseconds / 1_000),
    deliveries: deliveries.count,
    oldestDeliverySeconds: age(deliveries),
    pausedDeliveries: rest.pausedDeliveries,
    pausedEndpoints: rest.pausedEndpoints,
    deadDeliveries: rest.deadDeliveries,
    notFannedOut: rest.notFannedOut.count,
    unconfirmed: unconfirmed.count,
    oldestUnconfirmedSeconds: age(unconfirmed),
    actions: actions.count,
    oldestActionSeconds: age(actions),
    deadActions: rest.deadActions,
    deadItems: rest.deadItems,
    pulls: rest.pulls.count,
    unfinishedUploads: rest.uploads.count,
  };
}

/** Counts that a person should look into, whichever step they are of. */
const TROUBLE = [
  ...['failed', 'dead', 'paused', 'denied', 'givenUp', 'refused', 'skipped'],
  'setAside',
];

/** Returns what the log line of a run says: all of the summary, at the level that it deserves. */
export function describeSummary(summary: SweepSummary): LogFields {
  const { broken, ...told } = summary;
  const counts = Object.values(summary.steps).flatMap((step) => Object.entries(step));
  const troubled = counts.some(([name, count]) => count > 0 && TROUBLE.includes(name));
  const level = broken.length > 0 ? 'error' : troubled ? 'warn' : 'info';
  return {
    level,
    ...told,
    ...(broken.length === 0 ? {} : { reason: `Steps did not finish: ${broken.join(', ')}.` }),
  };
}
