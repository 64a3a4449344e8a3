import type { UnconfirmedEvent } from '../ledger/jobs/pending-confirmations.ts';
import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Problem } from '../problem.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { toErrorLogFields } from '../runtime/invocation.ts';
import type { Clock } from '../system.ts';
import { defined, isJsonObject } from '../validation/json-object.ts';
import { MAX_SOURCE_CONTEXT_BYTES } from '../validation/limits.ts';
import { parseVodEvent, readId, readText, type VodEvent, writeVodEvent } from '../vod/event.ts';
import { RETRY_MILLISECONDS } from '../webhooks/retry-schedule.ts';
import { describeReceivedEvent, type Origin, receiveEvent } from './received-event.ts';

/** The event of a file's arrival. */
export type ArrivalEvent = Extract<VodEvent, { readonly eventType: 'NewFileUpload' }>;

/** An event that VOD is to be asked about later. */
export interface PendingEvent {
  readonly event: VodEvent;
  readonly origin: Origin;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Unix milliseconds; if missing, now. */
  readonly dueAt?: number | undefined;
}

/** Stores an event, reduced to what is needed, so that the sweep asks VOD about it. Returns the log fields. */
export async function storePending(
  { dueAt, ...pending }: PendingEvent,
  ledger: Pick<Ledger, 'storePendingConfirmation'>,
): Promise<LogFields> {
  const { row, fields } = writePending(pending);
  const fresh = await ledger.storePendingConfirmation({ ...row, ...defined({ dueAt }) });
  return { ...fields, fresh };
}

/** Returns an event in the form in which it is stored, reduced to what is needed, and its log fields. */
export function writePending({ event, origin, receivedAt }: Omit<PendingEvent, 'dueAt'>): {
  readonly row: UnconfirmedEvent;
  readonly fields: LogFields;
} {
  const received = receiveEvent(event, origin);
  const raw = writeVodEvent(reduceEvent(event));
  return {
    row: { eventId: received.eventId, subAppId: origin.subAppId, raw, receivedAt },
    fields: { ...describeReceivedEvent(received), confirmation: 'kept' },
  };
}

/**
 * Stores an event for the sweep, since VOD could not be asked about it because of `problem`. Returns the log fields.
 *
 * @throws {Problem} `confirmation_unavailable` if there is no ledger, so that VOD sends it again; `ledger_…`.
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
  const fields = await ledger((opened) => storePending(event, opened));
  return { ...fields, ...toErrorLogFields(problem) };
}

/** Longest `SourceType` or state: the documented ones have fewer than 20 letters (https://cloud.tencent.com/document/product/266/31773). */
const MAX_TYPE = 64;

/** Longest id of a task that is stored, and that VOD is asked about; VOD's own ids are far shorter. */
const MAX_ID = 128;

/**
 * Returns `event` with only what is needed to ask VOD about it, and to know the file's upload: ids, and the source of
 * an arrival. An event that VOD may be unable to describe is not reduced.
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

/** Returns whether the event is stored in a form of a few hundred bytes. */
export function isShort(event: VodEvent): boolean {
  switch (event.eventType) {
    case 'NewFileUpload':
      return readId(event.task.FileId) !== undefined;
    case 'PullComplete':
    case 'ProcedureStateChanged':
      return readId(event.task.TaskId) !== undefined;
    default:
      return false;
  }
}

/** Longest time until VOD shows what it has notified, in milliseconds; the number is our choice. */
const UNSHOWN_MILLISECONDS = 600_000;

/** Shortest pause until VOD is asked again, in milliseconds; each is as long as all before it. */
const MIN_PAUSE = 15_000;

/**
 * Returns when VOD is to be asked again about an event that it does not show yet, in Unix milliseconds; undefined if it
 * was asked for long enough. For an event that changes uploads and is stored in a short form, that is as long as VOD
 * knows its task, since there is no other way to accept it.
 *
 * @param receivedAt Unix milliseconds.
 * @param now Unix milliseconds.
 */
export function scheduleLook(event: VodEvent, receivedAt: number, now: number): number | undefined {
  const end = receivedAt + (isShort(event) ? RETRY_MILLISECONDS : UNSHOWN_MILLISECONDS);
  return now < end ? Math.min(end, now + Math.max(MIN_PAUSE, now - receivedAt)) : undefined;
}

function readShort(id: unknown): string | undefined {
  return typeof id === 'string' && id.length <= MAX_ID ? id : undefined;
}

/** Returns the arrival of the file `fileId` as an event with its source, and with `others` of its fields. */
export function writeArrival(fileId: string, source: object, others: object = {}): VodEvent {
  const isEmpty = Object.keys(source).length === 0;
  const basic = isEmpty ? {} : { MediaBasicInfo: { SourceInfo: source } };
  return parseVodEvent({
    EventType: 'NewFileUpload',
    FileUploadEvent: { ...others, FileId: fileId, ...basic },
  });
}

/** Returns the fields of a media file's `SourceInfo` by which uploads are identified. */
export function readSource(basic: unknown): Readonly<Record<string, string>> {
  const info = isJsonObject(basic) && isJsonObject(basic['SourceInfo']) ? basic['SourceInfo'] : {};
  const type = readText(info['SourceType']);
  const context = readText(info['SourceContext']);
  return {
    ...(type !== undefined && type.length <= MAX_TYPE ? { SourceType: type } : {}),
    // VOD does not store a longer one, so it is not genuine.
    ...(context !== undefined && Buffer.byteLength(context) <= MAX_SOURCE_CONTEXT_BYTES
      ? { SourceContext: context }
      : {}),
  };
}

/**
 * Most events of one application and minute that are recorded and delivered without confirmation. Anyone who has seen a
 * `Sign` can forge them, so this number, which is our choice, limits the damage: ten a second.
 */
export const MAX_UNCONFIRMED = 600;

const MINUTE = 60_000;

/**
 * Admits an event without confirmation.
 *
 * @param log is given the number of events above the limit in this minute.
 * @throws {Problem} `unconfirmed_exceeded` if the limit for this minute is reached: VOD is to send it again.
 */
export type AdmitUnconfirmed = (subAppId: number | undefined, log: LogFields) => Promise<void>;

type WithCounter = (
  work: (ledger: Pick<Ledger, 'incrementUnconfirmed'>) => Promise<number>,
) => Promise<number>;

/**
 * Creates the limit for events without confirmation: over all instances if there is a ledger, otherwise for this one.
 * An event above the limit of this instance does not reach the ledger.
 */
export function limitUnconfirmed(
  ledger: WithCounter | undefined,
  clock: Pick<Clock, 'now'>,
): AdmitUnconfirmed {
  const counts = new Map<number | undefined, { readonly minute: number; readonly count: number }>();
  const countHere = (subAppId: number | undefined) => {
    const minute = Math.floor(clock.now() / MINUTE);
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
