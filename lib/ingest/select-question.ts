import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { LogFields } from '../runtime/log.ts';
import { type VodEvent, writeVodEvent } from '../vod/event.ts';
import { dropUnknownDeletions, splitDeletions } from './known-deletion.ts';
import { describeReceivedEvent, type Origin, receiveEvent } from './received-event.ts';

/** What VOD is asked about now; undefined where none of what was pushed is to be told. */
export interface SelectedQuestion {
  readonly event: VodEvent | undefined;
  /** What the log line says of the selection. */
  readonly fields: LogFields;
}

/** Dependencies of selecting. */
export interface SelectionDependencies {
  readonly ledger: WithLedger | undefined;
  /** When the event came, in Unix milliseconds; what is left over keeps it. */
  readonly receivedAt: number;
}

/**
 * Returns as much of an event that was pushed as VOD is asked about at once, the ledger being asked first, which costs
 * nobody else anything. Of the deletions that are left over, the ledger keeps those for the sweep; without one they are not
 * told, and the log line has their number.
 */
export async function selectQuestion(
  pushed: VodEvent,
  origin: Origin,
  { ledger, receivedAt }: SelectionDependencies,
): Promise<SelectedQuestion> {
  if (ledger === undefined) {
    const [event, rest] = splitDeletions(pushed);
    if (rest === undefined) return { event, fields: {} };
    const surplusFiles = rest.task.FileIdSet.length;
    return { event, fields: { level: 'warn', surplusFiles, reason: TOO_MANY_FILES } };
  }
  const known = await ledger((opened) => dropUnknownDeletions(pushed, origin, opened));
  if (known === undefined) {
    const described = describeReceivedEvent(receiveEvent(pushed, origin));
    return { event: undefined, fields: { ...described, fresh: false, delivered: 0 } };
  }
  const [event, rest] = splitDeletions(known);
  if (rest === undefined) return { event, fields: {} };
  const { eventId } = receiveEvent(rest, origin);
  const kept = { eventId, subAppId: origin.subAppId, raw: writeVodEvent(rest), receivedAt };
  await ledger((opened) => opened.keepPendingConfirmation(kept));
  return { event, fields: { surplusFiles: rest.task.FileIdSet.length } };
}

const TOO_MANY_FILES =
  'A deletion names more files than VOD is asked about at once, and there is no database to keep the others.';
