import { isItemFault } from '../runtime/item-fault.ts';
import { type LogFields, writeLogLine } from '../runtime/log.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { type VodEvent, writeVodEvent } from '../vod/event.ts';
import { isUploadEvent } from './confirm-event.ts';
import { describeReceivedEvent, type ReceivedEvent } from './received-event.ts';

/** What is written of one event at most, in characters, and of that in one line: a line of a log should stay readable. */
const MAX_CHARACTERS = 65_536;
const LINE_CHARACTERS = 8_192;

/**
 * Writes an event that could not be kept, and that nobody can find again, into the log: VOD sends it a few times more and
 * then never. What uploads live by is left out, since `sweep` finds what such events tell.
 *
 * It is written whole, in lines of its own, but for what may be secret or a caller's own: see {@link writeForLog}.
 *
 * @param write takes each line.
 */
export function logUnkeptEvent(
  received: ReceivedEvent,
  confirmed: boolean,
  write: (fields: LogFields) => void,
): void {
  if (confirmed && isUploadEvent(received.event)) return;
  const text = writeForLog(received.event);
  const told = text.slice(0, MAX_CHARACTERS);
  const pieces = Math.ceil(told.length / LINE_CHARACTERS);
  for (let piece = 0; piece < pieces; piece += 1) {
    write({
      ...describeReceivedEvent(received),
      level: 'error',
      reason: text.length > told.length ? CUT : UNKEPT,
      event: told.slice(piece * LINE_CHARACTERS, (piece + 1) * LINE_CHARACTERS),
      piece: `${piece + 1}/${pieces}`,
    });
  }
}

/**
 * Returns what `work`, which keeps an event, returns; throws what it throws, after {@link logUnkeptEvent}. What fails for a
 * reason of its own is set aside, and what is refused since it is too much is counted in the log: neither is written here.
 *
 * @param log fields of the call's own line.
 */
export async function keepOrLog<Result>(
  work: () => Promise<Result>,
  received: () => ReceivedEvent,
  confirmed: boolean,
  log: LogFields,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isItemFault(error)) {
      logUnkeptEvent(received(), confirmed, (fields) => writeLogLine({ ...log, ...fields }));
    }
    throw error;
  }
}

const UNKEPT =
  'The notification could not be kept. VOD may send it again; otherwise this is all that is left of it.';
const CUT = `${UNKEPT} It was longer than is logged.`;

/** What stands for something that is not logged. */
const REMOVED = '[removed]';

/** Names of members whose values are secret, or are what a caller wrote. */
const WITHHELD = /context|secret|token|passw|credential|authori[sz]ation|signature|^sign$|key$/i;

/** An address, with its scheme and authority. What follows may be a stream's key, and before the host may be a password. */
const ADDRESS = /\b([a-z][a-z\d+.-]{0,30}:\/\/)(?:[^\s/?#"'<>]*@)?([^\s/?#"'<>@]*)[^\s"'<>]*/gi;

/** Returns `event` as JSON without contexts, without what is called a secret, and of addresses the scheme and host alone. */
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
