import { type FailedEvent, setEventAside } from '../ingest/set-aside-event.ts';
import type { ItemFailure } from '../ledger/dead-items.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import {
  describeItemFailure,
  explainItemFault,
  isItemFault,
  MAX_ITEM_TRIES,
} from '../runtime/item-fault.ts';
import type { StepCounts } from './step-counts.ts';
import type { ApplicationRun, SweepRun } from './sweep-run.ts';

/** What setting an event of an application aside needs of a sweep. */
type AsideRun = Pick<ApplicationRun, 'subAppId' | 'applications' | 'ledger' | 'now' | 'report'>;

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
  tally: StepCounts<'setAside'>,
  mostTries: number = MAX_ITEM_TRIES,
): Promise<boolean> {
  if (!isItemFault(error)) throw error;
  const failure = { ...item, ...explainItemFault(error) };
  const counted = await ledger.countItemFailure(failure, mostTries);
  tally.fail(error);
  if (counted.isNews) tally.add('setAside');
  report({ ...toErrorLogFields(error), ...describeItemFailure(failure, counted) });
  return counted.isDead;
}

/**
 * Sets an event aside that failed with `error` for a reason of its own, and counts and reports that.
 *
 * @throws what the ledger throws where it cannot be reached.
 */
export async function putEventAside(
  failed: Pick<FailedEvent, 'raw' | 'proven'>,
  error: unknown,
  { subAppId, applications: [own], ledger, now, report }: AsideRun,
  tally: StepCounts<'setAside'>,
): Promise<void> {
  const event = { ...failed, subAppId, own, receivedAt: now() };
  const { counted, log } = await setEventAside(event, error, ledger);
  tally.fail(error);
  if (counted.isNews) tally.add('setAside');
  report(log);
}
