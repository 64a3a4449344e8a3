import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Problem } from '../problem.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import { defined, isJsonObject } from '../validation/json-object.ts';
import { MAX_SOURCE_CONTEXT_BYTES } from '../validation/limits.ts';
import { parseVodEvent, readText, type VodEvent, writeVodEvent } from '../vod/event.ts';
import { describeReceivedEvent, type Origin, receiveEvent } from './received-event.ts';

/** That a file came. */
export type ArrivalEvent = Extract<VodEvent, { readonly eventType: 'NewFileUpload' }>;

/** An event that VOD is to be asked about later. */
interface PendingEvent {
  readonly event: VodEvent;
  readonly origin: Origin;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Unix milliseconds; now where it is missing. */
  readonly dueAt?: number | undefined;
}

/** Keeps an event for the sweep to ask VOD about, reduced to what that takes. Returns what the log line says of that. */
export async function keepPending(
  { event, origin, receivedAt, dueAt }: PendingEvent,
  ledger: Pick<Ledger, 'keepPendingConfirmation'>,
): Promise<LogFields> {
  const received = receiveEvent(event, origin);
  const fresh = await ledger.keepPendingConfirmation({
    eventId: received.eventId,
    subAppId: origin.subAppId,
    raw: writeVodEvent(reduceEvent(event)),
    receivedAt,
    ...defined({ dueAt }),
  });
  return { ...describeReceivedEvent(received), fresh, confirmation: 'kept' };
}

/**
 * Keeps an event for the sweep since VOD could not be asked about it for `problem`. Returns what the log line says of that.
 *
 * @throws {Problem} `confirmation_unavailable` where there is no ledger, so that VOD sends it again; `ledger_…`.
 */
export async function postpone(
  event: PendingEvent,
  problem: Problem,
  ledger: WithLedger | undefined,
): Promise<LogFields> {
  if (ledger === undefined) {
    throw new Problem('VOD could not be asked about the notification: send it again.', {
      code: 'confirmation_unavailable',
      cause: problem,
      ...defined({ vod: problem.vod }),
    });
  }
  const fields = await ledger((opened) => keepPending(event, opened));
  return { ...fields, ...toErrorLogFields(problem) };
}

/** Longest `SourceType` or state: the documented ones have fewer than 20 letters (https://cloud.tencent.com/document/product/266/31773). */
const MAX_TYPE = 64;

/** Longest id of a task that is kept, which is the longest that VOD is asked about; those of VOD are far shorter. */
const MAX_ID = 128;

/**
 * Returns `event` with no more than it takes to ask VOD about it, and to know whose file it is: ids, and of an arrival
 * where it says that the file came from. What VOD may not be able to describe stays whole.
 */
export function reduceEvent(event: VodEvent): VodEvent {
  switch (event.eventType) {
    case 'NewFileUpload': {
      const { FileId, ProcedureTaskId, ReviewAudioVideoTaskId } = event.task;
      const source = readSource(event.task.MediaBasicInfo);
      return writeArrival(FileId, source, {
        ProcedureTaskId: readShort(ProcedureTaskId),
        ReviewAudioVideoTaskId: readShort(ReviewAudioVideoTaskId),
      });
    }
    case 'PullComplete': {
      const { TaskId, Status } = event.task;
      return parseVodEvent({
        EventType: 'PullComplete',
        PullCompleteEvent: { TaskId, Status: Status.slice(0, MAX_TYPE) },
      });
    }
    case 'ProcedureStateChanged': {
      const { TaskId, Status } = event.task;
      return parseVodEvent({
        EventType: 'ProcedureStateChanged',
        ProcedureStateChangeEvent: { TaskId, Status: Status.slice(0, MAX_TYPE) },
      });
    }
    default:
      return event;
  }
}

function readShort(id: unknown): string | undefined {
  return typeof id === 'string' && id.length <= MAX_ID ? id : undefined;
}

/** Returns the arrival of the file `fileId` as an event that says where it came from, with `others` of its fields. */
export function writeArrival(fileId: string, source: object, others: object = {}): VodEvent {
  const isEmpty = Object.keys(source).length === 0;
  const basic = isEmpty ? {} : { MediaBasicInfo: { SourceInfo: source } };
  return parseVodEvent({
    EventType: 'NewFileUpload',
    FileUploadEvent: { ...others, FileId: fileId, ...basic },
  });
}

/** Returns the `SourceInfo` of a media as far as uploads are known by it. */
export function readSource(basic: unknown): Readonly<Record<string, string>> {
  const info = isJsonObject(basic) && isJsonObject(basic['SourceInfo']) ? basic['SourceInfo'] : {};
  const type = readText(info['SourceType']);
  const context = readText(info['SourceContext']);
  return {
    ...(type !== undefined && type.length <= MAX_TYPE ? { SourceType: type } : {}),
    // What is longer, VOD has kept for nobody.
    ...(context !== undefined && Buffer.byteLength(context) <= MAX_SOURCE_CONTEXT_BYTES
      ? { SourceContext: context }
      : {}),
  };
}

/**
 * Most events of one application and minute that nobody confirms and that are recorded and delivered all the same. Anyone who has
 * seen a `Sign` can make them up, so the number, which is our choice, is what that may cost: ten a second.
 */
export const MAX_UNCONFIRMED = 600;

const MINUTE = 60_000;

/**
 * Admits an event that nobody confirms.
 *
 * @param log gets by how many the minute has too many events by now.
 * @throws {Problem} `unconfirmed_exceeded` where its minute has no room: VOD is to send it again.
 */
export type AdmitUnconfirmed = (subAppId: number | undefined, log: LogFields) => Promise<void>;

type WithCounter = (
  work: (ledger: Pick<Ledger, 'incrementUnconfirmed'>) => Promise<number>,
) => Promise<number>;

/**
 * Creates what limits the events that nobody confirms, over all instances where there is a ledger, and over this one
 * otherwise. What is too much for this instance alone does not reach the ledger.
 *
 * @param now Unix milliseconds.
 */
export function limitUnconfirmed(
  ledger: WithCounter | undefined,
  now: () => number,
): AdmitUnconfirmed {
  const counts = new Map<number | undefined, { readonly minute: number; readonly count: number }>();
  const countHere = (subAppId: number | undefined) => {
    const minute = Math.floor(now() / MINUTE);
    const before = counts.get(subAppId);
    const count = before?.minute === minute ? before.count + 1 : 1;
    counts.set(subAppId, { minute, count });
    return count;
  };
  return async (subAppId, log) => {
    let count = countHere(subAppId);
    if (ledger !== undefined && count <= MAX_UNCONFIRMED) {
      count = await ledger((opened) => opened.incrementUnconfirmed(subAppId));
    }
    if (count <= MAX_UNCONFIRMED) return;
    log.surplusEvents = count - MAX_UNCONFIRMED;
    throw new Problem(
      `At most ${MAX_UNCONFIRMED} notifications a minute of one application are accepted while VOD cannot be asked about them: send it again.`,
      { code: 'unconfirmed_exceeded', headers: { 'Retry-After': String(MINUTE / 1_000) } },
    );
  };
}
