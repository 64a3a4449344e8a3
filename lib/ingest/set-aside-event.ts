import { hash } from 'node:crypto';
import type { CountedFailure } from '../ledger/dead-items.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import {
  describeItemFailure,
  explainItemFault,
  isItemFault,
  MAX_ITEM_TRIES,
} from '../runtime/item-fault.ts';
import type { LogFields } from '../runtime/log.ts';
import { parseVodEvent, type RawEvent } from '../vod/event.ts';
import { identifyEvent } from '../vod/event-id.ts';
import { canonicalJson } from '../vod/event-json.ts';
import { isVodEventType } from '../vod/event-types.ts';

/** An event that cannot be processed for a reason of its own. */
export interface FailedEvent {
  /** Its id, where that is known already. */
  readonly eventId?: string;
  /** As it came. */
  readonly raw: RawEvent;
  /** Whether VOD itself has told it. */
  readonly proven: boolean;
  /** Application of VOD that told it; undefined where the configuration names none. */
  readonly subAppId: number | undefined;
  /** The service's own; undefined where the configuration names none. */
  readonly own: number | undefined;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** What became of an event that failed, and what a log line says of it. */
export interface AsideEvent {
  readonly eventId: string;
  readonly counted: CountedFailure;
  readonly log: LogFields;
}

/**
 * Counts that an event failed with `error`: after {@link MAX_ITEM_TRIES} failures it is dead.
 *
 * @throws what the ledger throws where it cannot be reached.
 */
export async function failEvent(
  { raw, proven, subAppId, own, receivedAt, eventId }: FailedEvent,
  error: unknown,
  ledger: Pick<Ledger, 'countItemFailure'>,
  mostTries: number = MAX_ITEM_TRIES,
): Promise<AsideEvent> {
  const named = nameEvent(raw, subAppId === own ? undefined : subAppId);
  const id = eventId ?? named.id;
  const content = canonicalJson({ raw, proven, receivedAt });
  const item = { ...named, kind: 'event', id, subAppId, content } as const;
  const failure = { ...item, ...explainItemFault(error) };
  const counted = await ledger.countItemFailure(failure, mostTries);
  const { EventType: eventType } = raw;
  const type = isVodEventType(eventType) ? { eventType } : {};
  const told = { ...toErrorLogFields(error), ...describeItemFailure(failure, counted) };
  const log = { ...told, eventId: id, ...type };
  return { eventId: id, counted, log };
}

/**
 * Puts an event out of everybody's way: it is kept to be tried again, until it is dead. One that cannot be kept as an event, as
 * JSON that is too deep for `jsonb`, is dead at once.
 *
 * @throws what the ledger throws where it cannot be reached.
 */
export async function setEventAside(
  failed: FailedEvent,
  error: unknown,
  ledger: Pick<Ledger, 'countItemFailure' | 'keepForRetry'>,
): Promise<AsideEvent> {
  const aside = await failEvent(failed, error, ledger);
  if (aside.counted.isDead) return aside;
  const { raw, proven, subAppId, receivedAt } = failed;
  try {
    await ledger.keepForRetry({ eventId: aside.eventId, raw, subAppId, receivedAt, proven });
    return aside;
  } catch (refusal) {
    if (!isItemFault(refusal)) throw refusal;
    return failEvent(failed, refusal, ledger, 1);
  }
}

/** What is wrong with an event may keep it from having its id as well. */
function nameEvent(raw: RawEvent, other: number | undefined): { id: string; fileId?: string } {
  try {
    const event = parseVodEvent(raw);
    const id = identifyEvent(event, other);
    return event.eventType === 'NewFileUpload' ? { id, fileId: event.task.FileId } : { id };
  } catch {
    return { id: `evt_${hash('sha256', canonicalJson(raw), 'base64url')}` };
  }
}
