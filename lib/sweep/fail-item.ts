import type { ItemFailure } from '../ledger/jobs/dead-items.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import {
  describeItemFailure,
  explainItemFault,
  isItemFault,
  MAX_ITEM_TRIES,
} from '../runtime/item-fault.ts';
import type { StepCounts } from './step-counts.ts';
import type { SweepRun } from './sweep-run.ts';

/** The item that failed, without the reason. */
type FailedItem = Omit<ItemFailure, 'code' | 'reason'>;

/**
 * Counts that an item failed with `error`, and logs that; returns whether it is dead, and so not to be retried.
 *
 * @param maxTries number of failures after which it is dead.
 * @throws `error` if it is not about the item, and errors of the ledger if it cannot be reached.
 */
export async function failItem(
  item: FailedItem,
  error: unknown,
  { ledger, report }: Pick<SweepRun, 'ledger' | 'report'>,
  counts: StepCounts<'setAside'>,
  maxTries: number = MAX_ITEM_TRIES,
): Promise<boolean> {
  if (!isItemFault(error)) throw error;
  const failure = { ...item, ...explainItemFault(error) };
  const counted = await ledger.countItemFailure(failure, maxTries);
  counts.fail(error);
  if (counted.isNews) counts.add('setAside');
  report({ ...toErrorLogFields(error), ...describeItemFailure(failure, counted) });
  return counted.isDead;
}
