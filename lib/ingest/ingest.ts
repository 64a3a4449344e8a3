import type { ActionDependencies } from '../actions/due-action.ts';
import type { FetchCover } from '../actions/fetch-cover.ts';
import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Settings } from '../policy/settings.ts';
import { Problem } from '../problem.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import type { LogFields } from '../runtime/log.ts';
import { listWholeDeletions } from '../vod/deleted-files.ts';
import { type VodEvent, writeVodEvent } from '../vod/event.ts';
import type { Target } from '../webhooks/target.ts';
import type { AbsentEvent } from './absent-arrival.ts';
import { createUnconfirmedBound } from './bound-unconfirmed.ts';
import {
  type Confirmation,
  type ConfirmingApi,
  confirmEvent,
  isUploadEvent,
} from './confirm-event.ts';
import { ingestPushed, recordAbsence } from './ingest-pushed.ts';
import { ingestStateless } from './ingest-stateless.ts';
import { keepUnconfirmed } from './keep-unconfirmed.ts';
import { keepOrLog } from './log-unkept-event.ts';
import { describeReceivedEvent, type Origin, receiveEvent } from './received-event.ts';
import { selectQuestion } from './select-question.ts';
import { setEventAside } from './set-aside-event.ts';
import type { Reception } from './to-event-record.ts';

/** Dependencies of ingesting what is pushed. */
export interface IngestDependencies {
  readonly api: ConfirmingApi & ActionDependencies['api'];
  /** What new media may be, and what is set of them. */
  readonly settings: Settings;
  readonly fetchCover: FetchCover;
  /** Where there is none, nothing is kept: consumers are told before VOD is. */
  readonly ledger: WithLedger | undefined;
  readonly targets: readonly Target[];
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A number from 0 up to, and without, 1. */
  readonly random: () => number;
}

/** A notification whose `Sign` is good, which proves that VOD has sent it, and not what it says. */
interface PushedEvent {
  readonly event: VodEvent;
  readonly origin: Origin;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Milliseconds that are left of the given number since it came. */
  readonly leftOf: (milliseconds: number) => () => number;
}

/** VOD waits five seconds for an answer, some of which are gone on the way: https://cloud.tencent.com/document/product/266/33779. */
const ANSWER_MILLISECONDS = 4_500;

/** How much of that confirming may take, what a call to VOD keeps back included. */
const CONFIRM_MILLISECONDS = 2_500;

/** Takes a pushed event, and writes into the log what became of it. */
type Ingest = (pushed: PushedEvent, log: LogFields) => Promise<void>;

/**
 * Returns what takes the events that VOD pushes: each is confirmed with VOD, then recorded, or without a ledger passed on, and
 * delivered. One that cannot be processed for a reason of its own is set aside where there is a ledger, for VOD repeats it
 * twice at most, and would be told the same.
 *
 * The function throws a Problem: `unauthorized` for what VOD denies, `unconfirmed_exceeded`, or what has VOD send the event
 * again.
 *
 * @param applicationCount of all applications that the service has.
 */
export function createIngest(dependencies: IngestDependencies, applicationCount: number): Ingest {
  const take = createTake(dependencies, applicationCount);
  return async (pushed, log) => {
    try {
      await take(pushed, log);
    } catch (error) {
      await setAside(error, pushed, dependencies, log);
    }
  };
}

function createTake(dependencies: IngestDependencies, applicationCount: number): Ingest {
  const { settings, ledger, now, api } = dependencies;
  const admitUnconfirmed = createUnconfirmedBound(ledger, now);
  const knowsFiles = ledger !== undefined || applicationCount === 1;
  return async ({ event, origin, receivedAt, leftOf }, log) => {
    const { subAppId } = origin;
    const question = await keepOrLog(
      () => selectQuestion(event, origin, { ledger, receivedAt }),
      () => receiveEvent(event, origin),
      !isOfParts(event),
      log,
    );
    Object.assign(log, question.fields);
    const { event: asked } = question;
    if (asked === undefined) return;
    const confirmation = await confirmEvent(asked, api, {
      remainingMilliseconds: leftOf(CONFIRM_MILLISECONDS),
      subAppId,
    });
    const telling = { ...dependencies, remainingMilliseconds: leftOf(ANSWER_MILLISECONDS) };
    if (confirmation.kind === 'denied') {
      const reception = { ...origin, receivedAt, confirmed: true, settings };
      return denyEvent(asked, confirmation.absent, reception, telling, log);
    }
    if (confirmation.kind === 'unavailable') {
      const { problem } = confirmation;
      const kept = { event: asked, origin, problem, receivedAt };
      const keep = async () => {
        if (!isUploadEvent(asked)) await admitUnconfirmed(subAppId, log);
        Object.assign(log, await keepUnconfirmed(kept, ledger));
      };
      return keepOrLog(keep, () => receiveEvent(asked, origin), true, log);
    }
    const confirmed = isProven(confirmation, knowsFiles);
    log.confirmation = confirmed ? 'confirmed' : 'unconfirmable';
    // The log line is the event's record where there is no other.
    const received = receiveEvent(confirmation.event, origin);
    Object.assign(log, describeReceivedEvent(received));
    const reception = { ...origin, receivedAt, confirmed, settings };
    const tell = async () => {
      if (!confirmed) await admitUnconfirmed(subAppId, log);
      await tellOf(confirmation.event, reception, telling, log);
    };
    await keepOrLog(tell, () => received, confirmed, log);
  };
}

/** Which parts of a media were deleted, VOD tells nobody who asks. */
function isOfParts(event: VodEvent): boolean {
  return event.eventType === 'FileDeleted' && listWholeDeletions(event.task).length === 0;
}

/** Where nothing is kept, nobody knows in which of several applications a file was that one of them does not have. */
function isProven(
  { kind, event }: Extract<Confirmation, { readonly event: VodEvent }>,
  knowsFiles: boolean,
): boolean {
  return kind === 'confirmed' && (knowsFiles || event.eventType !== 'FileDeleted');
}

/** Dependencies of recording and delivering an event. */
type Telling = IngestDependencies & { readonly remainingMilliseconds: () => number };

/**
 * Throws that VOD denies an event, unless it is the arrival of a file that is gone since, which is recorded or kept. Of what
 * VOD denies, the log line says no more than the kind: anybody may have written the rest.
 */
async function denyEvent(
  asked: VodEvent,
  absent: AbsentEvent | undefined,
  reception: Reception,
  telling: Telling,
  log: LogFields,
): Promise<void> {
  const { ledger } = telling;
  if (absent !== undefined && ledger !== undefined) {
    const told = await ledger((opened) => recordAbsence(absent, reception, opened, telling));
    Object.assign(log, told);
    if (log.confirmation !== undefined) return;
  }
  log.confirmation = 'denied';
  if (asked.eventType !== 'unknown') log.eventType = asked.eventType;
  throw new Problem('VOD does not know of what the notification tells.', { code: 'unauthorized' });
}

async function tellOf(
  event: VodEvent,
  reception: Reception,
  telling: Telling,
  log: LogFields,
): Promise<void> {
  const { ledger } = telling;
  const told =
    ledger === undefined
      ? await ingestStateless(event, reception, telling)
      : await ledger((opened) => ingestPushed(event, reception, opened, telling));
  Object.assign(log, told);
}

async function setAside(
  error: unknown,
  { event, origin: { subAppId, own }, receivedAt }: PushedEvent,
  { ledger }: IngestDependencies,
  log: LogFields,
): Promise<void> {
  // What is refused is no fault.
  if (ledger === undefined || error instanceof Problem || !isItemFault(error)) throw error;
  const failed = { raw: writeVodEvent(event), proven: false, subAppId, own, receivedAt };
  const aside = await ledger((opened) => setEventAside(failed, error, opened));
  Object.assign(log, aside.log, { confirmation: 'kept' });
}
