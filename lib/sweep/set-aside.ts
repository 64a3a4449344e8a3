import { explainToOperator } from '../invocation.ts';
import {
  describeItemFailure,
  explainItemFault,
  isItemFault,
  MOST_ITEM_TRIES,
} from '../item-fault.ts';
import type { ItemFailure } from '../ledger/dead-items.ts';
import type { SweepRun } from './sweep-run.ts';
import type { Tally } from './tally.ts';

/** What failed, but for why. */
type FailedItem = Omit<ItemFailure, 'code' | 'reason'>;

/**
 * Counts that an item failed with `error`, and says so in a log line; returns whether it is not to be tried again.
 *
 * @param mostTries how often it may fail.
 * @throws `error` where it is not about the item, and what the ledger throws where it cannot be reached.
 */
export async function failItem(
  item: FailedItem,
  error: unknown,
  { ledger, report }: Pick<SweepRun, 'ledger' | 'report'>,
  tally: Tally<'setAside'>,
  mostTries: number = MOST_ITEM_TRIES,
): Promise<boolean> {
  if (!isItemFault(error)) throw error;
  const failure = { ...item, ...explainItemFault(error) };
  const counted = await ledger.failItem(failure, mostTries);
  tally.fail(error);
  if (counted.isNews) tally.add('setAside');
  report({ ...explainToOperator(error), ...describeItemFailure(failure, counted) });
  return counted.isDead;
}
