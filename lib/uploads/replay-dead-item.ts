import type { Ledger } from '../ledger/ledger.ts';
import { type ItemName, readPair } from '../model/item-name.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import { isJsonObject } from '../validation/json-object.ts';

/** The methods of the ledger that a replay needs. */
type Replaying = Pick<
  Ledger,
  | 'findDeadItem'
  | 'dropDeadItem'
  | 'storeForRetry'
  | 'setNextCheck'
  | 'deadDeliveries'
  | 'replayAction'
>;

/**
 * Has the next sweep retry a dead item, and removes it from the list; returns whether that is possible. It is not
 * possible for a pull, which its caller sends again, nor for a file without an id, about which VOD cannot be asked.
 *
 * @param now Unix milliseconds.
 * @throws the ledger's error if it cannot be reached.
 */
export async function replayDeadItem(
  name: ItemName,
  ledger: Replaying,
  now: number,
): Promise<boolean> {
  const item = await ledger.findDeadItem(name);
  if (item === undefined || !(await putBack(item, ledger, now))) return false;
  await ledger.dropDeadItem(name);
  return true;
}

type DeadItem = NonNullable<Awaited<ReturnType<Replaying['findDeadItem']>>>;

async function putBack(
  { kind, id, subAppId, content }: DeadItem,
  ledger: Replaying,
  now: number,
): Promise<boolean> {
  const [first, second] = readPair(id);
  switch (kind) {
    case 'event':
      return content !== undefined && putEventBack(id, subAppId, content, ledger);
    case 'upload':
      await ledger.setNextCheck(id, now);
      return true;
    case 'action':
      await ledger.replayAction({ kind: first, fileId: second });
      return true;
    case 'delivery':
      return (await ledger.deadDeliveries()).replayDelivery({ eventId: first, endpoint: second });
    default:
      return false;
  }
}

async function putEventBack(
  eventId: string,
  subAppId: number | undefined,
  content: string,
  ledger: Replaying,
): Promise<boolean> {
  const kept: unknown = JSON.parse(content);
  if (!isJsonObject(kept) || !isJsonObject(kept['raw'])) return false;
  const { raw, receivedAt, proven } = kept;
  const event = { eventId, subAppId, raw, receivedAt: Number(receivedAt) };
  try {
    await ledger.storeForRetry({ ...event, proven: proven === true });
    return true;
  } catch (error) {
    // The cause has not changed: the ledger still cannot store it.
    if (isItemFault(error)) return false;
    throw error;
  }
}
