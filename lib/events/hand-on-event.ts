import { buildVodMessage } from '../delivery/message.ts';
import { selectTargets, type Target } from '../delivery/target.ts';
import { Problem } from '../problem.ts';
import { type VodEvent, writeVodEvent } from '../vod/event.ts';
import { identifyEvent } from '../vod/event-id.ts';

/** What handing on takes from outside. */
interface HandOnOptions {
  readonly targets: readonly Target[];
  /** Unix milliseconds. */
  readonly receivedAt: number;
  readonly confirmed: boolean;
  /** Milliseconds that one target may take; all are told at once. */
  readonly timeLimit: number;
}

/**
 * Tells everybody of `event` who is to be told, without keeping anything of it; answers how many that were.
 *
 * @throws {Problem} `delivery_failed` where one of them has not taken it: VOD is to send it again, and those that have
 * taken it know it by its id then.
 */
export async function handOnEvent(
  event: VodEvent,
  { targets, receivedAt, confirmed, timeLimit }: HandOnOptions,
): Promise<number> {
  const eventId = identifyEvent(event);
  const message = buildVodMessage({
    eventId,
    raw: writeVodEvent(event),
    receivedAt,
    ...(confirmed ? {} : { unconfirmed: true }),
  });
  const chosen = selectTargets(targets, message.type);
  const results = await Promise.all(chosen.map((target) => target.send(message, timeLimit)));
  const refused = results.filter(({ ok }) => !ok);
  if (refused.length === 0) return results.length;
  const errors = [...new Set(refused.map(({ error = 'unknown' }) => error))].join(', ');
  throw new Problem(
    `${refused.length} of ${results.length} consumers did not take the event (${errors}): send it again.`,
    { code: 'delivery_failed' },
  );
}
