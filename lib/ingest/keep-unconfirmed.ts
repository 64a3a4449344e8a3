import type { WithLedger } from '../ledger/lazy-ledger.ts';
import { Problem } from '../problem.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import type { LogFields } from '../runtime/log.ts';
import { type VodEvent, writeVodEvent } from '../vod/event.ts';
import { describeReceivedEvent, type Origin, receiveEvent } from './received-event.ts';
import { reduceEvent } from './reduce-event.ts';

/** An event that VOD could not be asked about, and why. */
interface UnconfirmedEvent {
  readonly event: VodEvent;
  readonly origin: Origin;
  readonly problem: Problem;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/**
 * Keeps an event for the sweep to ask VOD about. Returns what the log line says of that.
 *
 * @throws {Problem} `confirmation_unavailable` where there is no ledger, so that VOD sends it again; `ledger_…`.
 */
export async function keepUnconfirmed(
  { event, origin, problem, receivedAt }: UnconfirmedEvent,
  ledger: WithLedger | undefined,
): Promise<LogFields> {
  if (ledger === undefined) {
    throw new Problem('VOD could not be asked about the notification: send it again.', {
      code: 'confirmation_unavailable',
      cause: problem,
      ...(problem.vod === undefined ? {} : { vod: problem.vod }),
    });
  }
  const received = receiveEvent(event, origin);
  const { eventId } = received;
  const kept = {
    eventId,
    subAppId: origin.subAppId,
    raw: writeVodEvent(reduceEvent(event)),
    receivedAt,
  };
  const fresh = await ledger((opened) => opened.keepPendingConfirmation(kept));
  const told = { ...describeReceivedEvent(received), ...toErrorLogFields(problem) };
  return { fresh, confirmation: 'kept', ...told };
}
