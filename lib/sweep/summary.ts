import type { Ledger } from '../ledger/ledger.ts';
import type { LogFields } from '../runtime/invocation.ts';
import type { StepCounts } from './step-counts.ts';

/** The work that a sweep has done, and the backlog that it left. */
export interface SweepSummary {
  /** Counts of each step; each of them has `failed`. */
  readonly steps: Readonly<Record<string, StepCounts<never>['counts']>>;
  /** Missing if the ledger could not be read. */
  readonly backlog?: SweepBacklog;
  /** Number of failures, by reason. */
  readonly errors: Readonly<Record<string, number>>;
  /** Whether time ran out, so that work may be left. */
  readonly outOfTime: boolean;
  /** Steps that ended with an error. */
  readonly broken: readonly string[];
}

/** Work that is still to be done; ages are those of the oldest item, and 0 if there is none. */
export interface SweepBacklog {
  /** Time since the most overdue delivery became due. */
  readonly lagSeconds: number;
  readonly deliveries: number;
  readonly oldestDeliverySeconds: number;
  /** Deliveries that wait for paused endpoints; these do not count as overdue. */
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
 * Returns the backlog of `ledger`.
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

/** Counts, of any step, that an operator should investigate. */
const TROUBLE = [
  ...['failed', 'dead', 'paused', 'denied', 'givenUp', 'refused', 'skipped'],
  'setAside',
];

/** Returns the log fields of a run: the whole summary, with the level that follows from it. */
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
