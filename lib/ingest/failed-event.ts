import { hash } from 'node:crypto';
import type { CountedFailure } from '../ledger/jobs/dead-items.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Applications } from '../policy/applications.ts';
import { Problem } from '../problem.ts';
import { type LogFields, toErrorLogFields, writeLogLine } from '../runtime/invocation.ts';
import {
  describeItemFailure,
  explainItemFault,
  isItemFault,
  MAX_ITEM_TRIES,
} from '../runtime/item-fault.ts';
import type { Clock } from '../system.ts';
import { isJsonObject } from '../validation/json-object.ts';
import {
  isVodEventType,
  parseVodEvent,
  type RawEvent,
  type VodEvent,
  writeVodEvent,
} from '../vod/event.ts';
import { canonicalJson, identifyEvent } from '../vod/event-id.ts';
import { isUploadEvent } from './confirm-event.ts';
import { describeReceivedEvent, type ReceivedEvent } from './received-event.ts';

/** An event that cannot be processed because of the event itself. */
export interface FailedEvent {
  /** Its id, if that is already known. */
  readonly eventId?: string;
  /** The event as it was received. */
  readonly raw: RawEvent;
  /** Whether VOD itself reported it. */
  readonly proven: boolean;
  /** Application of VOD that it is from; undefined if the configuration names none. */
  readonly subAppId: number | undefined;
  /** The service's own application; undefined if the configuration names none. */
  readonly own: number | undefined;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** The counted failure of an event, and its log fields. */
interface EventFailure {
  readonly eventId: string;
  readonly counted: CountedFailure;
  readonly log: LogFields;
}

/**
 * Counts that an event failed with `error`: after {@link MAX_ITEM_TRIES} failures it is a dead letter.
 *
 * @throws errors of the ledger if it cannot be reached.
 */
export async function countEventFailure(
  { raw, proven, subAppId, own, receivedAt, eventId }: FailedEvent,
  error: unknown,
  ledger: Pick<Ledger, 'countItemFailure'>,
  maxTries: number = MAX_ITEM_TRIES,
): Promise<EventFailure> {
  const named = nameEvent(raw, subAppId === own ? undefined : subAppId);
  const id = eventId ?? named.id;
  const content = canonicalJson({ raw, proven, receivedAt });
  const item = { ...named, kind: 'event', id, subAppId, content } as const;
  const failure = { ...item, ...explainItemFault(error) };
  const counted = await ledger.countItemFailure(failure, maxTries);
  const { EventType: eventType } = raw;
  const type = isVodEventType(eventType) ? { eventType } : {};
  const described = { ...toErrorLogFields(error), ...describeItemFailure(failure, counted) };
  return { eventId: id, counted, log: { ...described, eventId: id, ...type } };
}

/**
 * Counts that an event failed, and stores it for further attempts until it is a dead letter, so that it does not block
 * others. One that cannot be stored as an event, such as JSON that is too deep for `jsonb`, becomes a dead letter
 * immediately.
 *
 * @throws errors of the ledger if it cannot be reached.
 */
async function storeFailedEvent(
  failed: FailedEvent,
  error: unknown,
  ledger: Pick<Ledger, 'countItemFailure' | 'storeForRetry'>,
): Promise<EventFailure> {
  const failure = await countEventFailure(failed, error, ledger);
  if (failure.counted.isDead) return failure;
  const { raw, proven, subAppId, receivedAt } = failed;
  try {
    await ledger.storeForRetry({ eventId: failure.eventId, raw, subAppId, receivedAt, proven });
    return failure;
  } catch (refusal) {
    if (!isItemFault(refusal)) throw refusal;
    return countEventFailure(failed, refusal, ledger, 1);
  }
}

type WithFailures = (
  work: (ledger: Pick<Ledger, 'countItemFailure' | 'storeForRetry'>) => Promise<EventFailure>,
) => Promise<EventFailure>;

/**
 * Stores an event whose ingestion failed with `error` because of the event itself, and logs that: VOD would repeat it
 * at most twice, and it would fail in the same way. Any other error is thrown; without a ledger, every error is.
 */
export async function storeOrThrow(
  error: unknown,
  failed: FailedEvent,
  ledger: WithFailures | undefined,
  log: LogFields,
): Promise<void> {
  // A refusal is not a fault.
  if (ledger === undefined || error instanceof Problem || !isItemFault(error)) throw error;
  const failure = await ledger((opened) => storeFailedEvent(failed, error, opened));
  Object.assign(log, failure.log, { confirmation: 'kept' });
}

/** What handling a failed event needs from a run of the sweep. */
export interface FailureRun {
  readonly subAppId: number | undefined;
  readonly applications: Applications;
  readonly ledger: Pick<Ledger, 'countItemFailure' | 'storeForRetry'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Writes a log line. */
  readonly report: (fields: LogFields) => void;
}

/** Counts of a run for events that fail. */
export interface FailureCounts {
  readonly add: (name: 'setAside') => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Stores an event that failed with `error` in a run, as {@link storeFailedEvent} does, and counts and reports it.
 *
 * @throws errors of the ledger if it cannot be reached.
 */
export async function reportFailedEvent(
  failed: Pick<FailedEvent, 'raw' | 'proven'>,
  error: unknown,
  { subAppId, applications: [own], ledger, clock, report }: FailureRun,
  counts: FailureCounts,
): Promise<void> {
  const event = { ...failed, subAppId, own, receivedAt: clock.now() };
  const { counted, log } = await storeFailedEvent(event, error, ledger);
  counts.fail(error);
  if (counted.isNews) counts.add('setAside');
  report(log);
}

/** Returns the name of an event; the same fault may prevent computing its id. */
function nameEvent(raw: RawEvent, other: number | undefined): { id: string; fileId?: string } {
  try {
    const event = parseVodEvent(raw);
    const id = identifyEvent(event, other);
    return event.eventType === 'NewFileUpload' ? { id, fileId: event.task.FileId } : { id };
  } catch {
    return { id: `evt_${hash('sha256', canonicalJson(raw), 'base64url')}` };
  }
}

/** Most characters that are logged of one event, and in one line, which should stay readable. */
const MAX_CHARACTERS = 65_536;
const LINE_CHARACTERS = 8_192;

/**
 * Logs an event that could not be stored and cannot be found again: VOD sends it a few more times, and then never.
 * Events that change uploads are left out, since `sweep` finds what they report.
 *
 * All of it is written, in separate lines, except for text that may be secret or a caller's: see {@link writeForLog}.
 *
 * @param write is called with each line.
 */
export function logUnstoredEvent(
  received: ReceivedEvent,
  confirmed: boolean,
  write: (fields: LogFields) => void,
): void {
  if (confirmed && isUploadEvent(received.event)) return;
  const text = writeForLog(received.event);
  const logged = text.slice(0, MAX_CHARACTERS);
  const pieces = Math.ceil(logged.length / LINE_CHARACTERS);
  for (let piece = 0; piece < pieces; piece += 1) {
    write({
      ...describeReceivedEvent(received),
      level: 'error',
      reason: text.length > logged.length ? CUT : UNKEPT,
      event: logged.slice(piece * LINE_CHARACTERS, (piece + 1) * LINE_CHARACTERS),
      piece: `${piece + 1}/${pieces}`,
    });
  }
}

/**
 * Throws `error`, because of which an event was not stored, after {@link logUnstoredEvent}. Events that fail because of
 * themselves become dead letters, and events above a limit are counted in the log: neither is written here.
 *
 * @param log fields of the call's own line.
 */
export function rethrowLogged(
  error: unknown,
  received: () => ReceivedEvent,
  confirmed: boolean,
  log: LogFields,
): never {
  if (!isItemFault(error)) {
    logUnstoredEvent(received(), confirmed, (fields) => writeLogLine({ ...log, ...fields }));
  }
  throw error;
}

const UNKEPT =
  'The notification could not be stored. VOD may send it again; otherwise this is all that is left of it.';
const CUT = `${UNKEPT} It was longer than is logged.`;

/** Replaces values that are not logged. */
const REMOVED = '[removed]';

/** Names of members whose values are secret, or were written by a caller. */
const WITHHELD = /context|secret|token|passw|credential|authori[sz]ation|signature|^sign$|key$/i;

/** An address. A password may precede its host, and what follows the host may contain a stream's key. */
const ADDRESS = /\b([a-z][a-z\d+.-]{0,30}:\/\/)(?:[^\s/?#"'<>]*@)?([^\s/?#"'<>@]*)[^\s"'<>]*/gi;

/** Returns `event` as JSON without contexts and secrets by name, and with only the scheme and host of addresses. */
function writeForLog(event: VodEvent): string {
  return JSON.stringify(writeVodEvent(event), (name, value: unknown) => {
    if (isJsonObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, held]) => [shorten(key), held]));
    }
    if (WITHHELD.test(name)) return REMOVED;
    return typeof value === 'string' ? shorten(value) : value;
  });
}

function shorten(text: string): string {
  return text.replace(ADDRESS, '$1$2/…');
}
