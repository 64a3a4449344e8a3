import type { ItemFailure } from '../ledger/dead-items.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import {
  describeItemFailure,
  explainItemFault,
  isItemFault,
  MAX_ITEM_TRIES,
} from '../runtime/item-fault.ts';
import type { StepCounts } from './step-counts.ts';
import type { SweepRun } from './sweep-run.ts';

/** What failed, but for why. */
type FailedItem = Omit<ItemFailure, 'code' | 'reason'>;

/**
 * Counts that an item failed with `error`, and says so in a log line; returns whether it is not to be tried again.
 *
 * @param maxTries how often it may fail.
 * @throws `error` where it is not about the item, and what the ledger throws where it cannot be reached.
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
