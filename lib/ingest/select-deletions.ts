import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { listWholeDeletions, parseVodEvent, readId, type VodEvent } from '../vod/event.ts';
import { storePending } from './pending-confirmation.ts';
import { describeReceivedEvent, type Origin, receiveEvent } from './received-event.ts';

/** The event of deleted files. */
export type DeletionEvent = Extract<VodEvent, { readonly eventType: 'FileDeleted' }>;

/**
 * Most files of one notification that VOD is asked about in one invocation. The number is our choice: there is time for
 * five calls of 20 files, the most that one call may name (https://cloud.tencent.com/document/product/266/31763).
 */
const MAX_DELETIONS = 100;

/**
 * Returns a pushed event without the files that neither belong to an upload of its application nor were notified as
 * arrived; undefined if no others are left. This is done before VOD is asked, since a notification may name very many
 * files.
 *
 * VOD reports every file that never existed as gone, so invented ones would be accepted. The files that are left out
 * are recorded: if a notification of their arrival comes later, their deletion is then known.
 */
export async function dropUnknownDeletions(
  event: DeletionEvent,
  { subAppId, own }: Pick<Origin, 'subAppId' | 'own'>,
  ledger: Pick<Ledger, 'findFiles' | 'findAbsentArrivals' | 'noteAbsentDeletions'>,
): Promise<DeletionEvent | undefined> {
  const named = [...new Set(event.task.FileIdSet)].filter(readId);
  // VOD also reports a file in another application as missing in this one.
  const held = await ledger.findFiles(named);
  const known = held.length === 0 ? [] : await ledger.findFiles(held, subAppId, own);
  const strangers = leaveOut(held, listWholeDeletions(event.task).filter(readId));
  if (strangers.length === 0) return pickDeletions(event, known);
  await ledger.noteAbsentDeletions(strangers, subAppId);
  // Read after the record, so that if an arrival and a deletion are handled at the same time, one of them sees the
  // other.
  const arrivals = await ledger.findAbsentArrivals(strangers, subAppId);
  return pickDeletions(event, [...known, ...arrivals.map(({ fileId }) => fileId)]);
}

/** Returns the part of an event that VOD is asked about in one invocation, and the rest, if there is one. */
function splitDeletions(
  event: DeletionEvent,
): readonly [first: DeletionEvent, rest?: DeletionEvent | undefined] {
  const fileIds = [...new Set(event.task.FileIdSet)];
  if (fileIds.length <= MAX_DELETIONS) return [event];
  const first = pickDeletions(event, fileIds.slice(0, MAX_DELETIONS));
  return [first ?? event, pickDeletions(event, fileIds.slice(MAX_DELETIONS))];
}

/**
 * Returns the events that VOD is asked about: of whole files and of parts of others one for each, since VOD cannot be
 * asked about parts.
 */
export function separateParts(event: DeletionEvent): readonly DeletionEvent[] {
  const whole = listWholeDeletions(event.task);
  const inParts = leaveOut(whole, event.task.FileIdSet);
  const separate = [pickDeletions(event, whole), pickDeletions(event, inParts)];
  return separate.filter((part) => part !== undefined);
}

/** Returns `event` with only these files; undefined if it names none of them. */
export function pickDeletions(
  event: DeletionEvent,
  fileIds: readonly string[],
): DeletionEvent | undefined {
  const { FileIdSet: named } = event.task;
  // Only the ids in it were checked when it was received.
  const { FileDeleteResultInfo: results }: Readonly<Record<string, unknown>> = { ...event.task };
  const wanted = new Set<unknown>(fileIds);
  const selected = [...new Set(named)].filter((fileId) => wanted.has(fileId));
  if (selected.length === named.length) return event;
  const items: readonly unknown[] | undefined = Array.isArray(results) ? results : undefined;
  const FileDeleteResultInfo = items
    ?.filter(isJsonObject)
    .filter(({ FileId: fileId }) => wanted.has(fileId));
  // Without a file it is not a valid event.
  const part = parseVodEvent({
    EventType: 'FileDeleted',
    FileDeleteEvent: {
      FileIdSet: selected,
      ...(FileDeleteResultInfo ? { FileDeleteResultInfo } : {}),
    },
  });
  return part.eventType === 'FileDeleted' ? part : undefined;
}

function leaveOut(some: readonly string[], fileIds: readonly string[]): readonly string[] {
  const left = new Set(some);
  return fileIds.filter((fileId) => !left.has(fileId));
}

/** What VOD is asked about now. */
interface SelectedDeletions {
  /** Undefined if the pushed event does not concern this service. */
  readonly event: DeletionEvent | undefined;
  /** Log fields for the selection. */
  readonly fields: LogFields;
}

/** Dependencies of the selection. */
interface SelectionDependencies {
  readonly ledger: WithLedger | undefined;
  /** When the event was received, in Unix milliseconds; the rest has the same time. */
  readonly receivedAt: number;
}

/**
 * Returns the part of a pushed deletion that VOD is asked about now. The ledger is asked first, which uses no calls of
 * VOD. The rest is stored in the ledger for the sweep; without one it is lost, and the number of its files is logged.
 */
export async function selectDeletions(
  pushed: DeletionEvent,
  origin: Origin,
  { ledger, receivedAt }: SelectionDependencies,
): Promise<SelectedDeletions> {
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
  await ledger((opened) => storePending({ event: rest, origin, receivedAt }, opened));
  return { event, fields: { surplusFiles: rest.task.FileIdSet.length } };
}

const TOO_MANY_FILES =
  'A deletion names more files than VOD is asked about at once, and there is no database to keep the others.';
