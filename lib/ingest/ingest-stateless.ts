import type { ActionDependencies } from '../actions/due-action.ts';
import type { LogFields } from '../runtime/log.ts';
import type { VodEvent } from '../vod/event.ts';
import type { Target } from '../webhooks/target.ts';
import { deliverImmediately } from './deliver-immediately.ts';
import { receiveEvent } from './received-event.ts';
import { runMediaActionsNow } from './run-media-actions-now.ts';
import { type Reception, toEventRecord } from './to-event-record.ts';

/** Dependencies of ingesting without a ledger. */
interface PassOnDependencies extends Omit<ActionDependencies, 'ledger'> {
  readonly targets: readonly Target[];
}

/** Kept back for answering, in milliseconds. */
const RESERVE_MILLISECONDS = 250;

/** Kept back for what is to be done to a media, in milliseconds. */
const ACTION_MILLISECONDS = 1_500;

/**
 * Tells of `event`, which was pushed, and does what it leads to, without keeping anything; returns what the log line says
 * of it. Consumers are told first: VOD does not confirm the arrival of a file that is gone, were it to send it again.
 *
 * @throws {Problem} where VOD is to send the event again.
 */
export async function ingestStateless(
  event: VodEvent,
  reception: Reception,
  { targets, ...dependencies }: PassOnDependencies,
): Promise<LogFields> {
  const { receivedAt } = reception;
  const record = toEventRecord(receiveEvent(event, reception), { ...reception, isOnlyLook: true });
  const acts = (record.actions ?? []).length > 0 || record.changes.some(isRejection);
  const kept = RESERVE_MILLISECONDS + (acts ? ACTION_MILLISECONDS : 0);
  const timeLimit = dependencies.remainingMilliseconds() - kept;
  const delivered = await deliverImmediately(record, { targets, receivedAt, timeLimit });
  return { delivered, ...(await runMediaActionsNow(record, receivedAt, dependencies)) };
}

function isRejection({ fact }: { readonly fact: string }): boolean {
  return fact === 'rejected';
}
