import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { listWholeDeletions, parseVodEvent, readId, type VodEvent } from '../vod/event.ts';
import { keepPending } from './pending-confirmation.ts';
import { describeReceivedEvent, type Origin, receiveEvent } from './received-event.ts';

/** What VOD is said to have deleted. */
export type DeletionEvent = Extract<VodEvent, { readonly eventType: 'FileDeleted' }>;

/**
 * Most files of one notification that VOD is asked about in one go. The number is our choice: five questions of 20 files,
 * which is what one of them may name (https://cloud.tencent.com/document/product/266/31763), have time in one call.
 */
const MAX_DELETIONS = 100;

/**
 * Returns a pushed event without the files that neither an upload of its application has, nor a notification has said to
 * have come; undefined where it describes no others. It comes before VOD is asked about as many as a notification holds.
 *
 * That a file is gone, VOD says of every file that never was, so anybody could have made-up ones believed. The others are
 * noted: where a notification of their arrival comes later, that they were deleted is known by then.
 */
export async function dropUnknownDeletions(
  event: DeletionEvent,
  { subAppId, own }: Pick<Origin, 'subAppId' | 'own'>,
  ledger: Pick<Ledger, 'findFiles' | 'findAbsentArrivals' | 'noteAbsentDeletions'>,
): Promise<DeletionEvent | undefined> {
  const named = [...new Set(event.task.FileIdSet)].filter(readId);
  // What is in another application, this one says of all the same that it is not there.
  const held = await ledger.findFiles(named);
  const known = held.length === 0 ? [] : await ledger.findFiles(held, subAppId, own);
  const strangers = leaveOut(held, listWholeDeletions(event.task).filter(readId));
  if (strangers.length === 0) return pickDeletions(event, known);
  await ledger.noteAbsentDeletions(strangers, subAppId);
  // Read after that, so that of an arrival and a deletion at the same time one sees the other.
  const arrivals = await ledger.findAbsentArrivals(strangers, subAppId);
  return pickDeletions(event, [...known, ...arrivals.map(({ fileId }) => fileId)]);
}

/** Returns as much of an event as VOD is asked about in one go, and the rest, where there is one. */
function splitDeletions(
  event: DeletionEvent,
): readonly [first: DeletionEvent, rest?: DeletionEvent | undefined] {
  const fileIds = [...new Set(event.task.FileIdSet)];
  if (fileIds.length <= MAX_DELETIONS) return [event];
  const first = pickDeletions(event, fileIds.slice(0, MAX_DELETIONS));
  return [first ?? event, pickDeletions(event, fileIds.slice(MAX_DELETIONS))];
}

/** Returns `event` without all but these files; undefined where it describes none of them. */
export function pickDeletions(
  event: DeletionEvent,
  fileIds: readonly string[],
): DeletionEvent | undefined {
  const { FileIdSet: named } = event.task;
  // Of what it says but ids, nothing is checked on the way in.
  const { FileDeleteResultInfo: results }: Readonly<Record<string, unknown>> = { ...event.task };
  const wanted = new Set<unknown>(fileIds);
  const selected = [...new Set(named)].filter((fileId) => wanted.has(fileId));
  if (selected.length === named.length) return event;
  const items: readonly unknown[] | undefined = Array.isArray(results) ? results : undefined;
  const FileDeleteResultInfo = items
    ?.filter(isJsonObject)
    .filter(({ FileId: fileId }) => wanted.has(fileId));
  // Without a file it is none.
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
  /** Undefined where nothing of what was pushed concerns this service. */
  readonly event: DeletionEvent | undefined;
  /** What the log line says of the selection. */
  readonly fields: LogFields;
}

/** Dependencies of selecting. */
interface SelectionDependencies {
  readonly ledger: WithLedger | undefined;
  /** When the event came, in Unix milliseconds; what is left over keeps it. */
  readonly receivedAt: number;
}

/**
 * Returns as much of a deletion that was pushed as VOD is asked about at once, the ledger being asked first, which costs
 * nobody else anything. What is left over is kept in the ledger for the sweep; without one it is lost, and the log line has
 * the number of its files.
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
  await ledger((opened) => keepPending({ event: rest, origin, receivedAt }, opened));
  return { event, fields: { surplusFiles: rest.task.FileIdSet.length } };
}

const TOO_MANY_FILES =
  'A deletion names more files than VOD is asked about at once, and there is no database to keep the others.';
