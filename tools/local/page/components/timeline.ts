import {
  describeProblem,
  type LedgerAction,
  type LedgerDelivery,
  type LedgerEvent,
  type LedgerUpload,
  type UploadLife,
} from '../stack/ledger-answers.ts';
import { formatClock, formatCount } from './format.ts';

/** Whether an entry or its result is good or bad. */
type TimelineTone = 'good' | 'bad' | 'warn' | 'plain';

/** A line below an entry. */
interface TimelineNote {
  readonly text: string;
  readonly tone: TimelineTone;
}

/** One event in the life of an upload, in words. */
export interface TimelineEntry {
  readonly key: string;
  readonly kind: 'state' | 'vod' | 'action';
  readonly at: Date;
  readonly title: string;
  readonly tone: TimelineTone;
  readonly notes: readonly TimelineNote[];
}

const STATE = 'upload.';

/** Which states are good or bad. */
const STATE_TONES: Readonly<Record<string, TimelineTone>> = {
  ready: 'good',
  failed: 'bad',
  rejected: 'bad',
  expired: 'warn',
  cancelled: 'warn',
  deleted: 'warn',
};

/** Titles of actions on media, before and after they are done. */
const ACTION_TITLES: Readonly<Record<string, readonly [before: string, after: string]>> = {
  delete: ['File to be removed', 'File removed'],
  inspect: ['Limits to be checked', 'Limits checked'],
};

/** Note for a file whose limits cannot be checked yet. */
const WAITING = 'VOD has not reported yet what the limits of this upload need; it has 10 minutes';

/**
 * Returns the life of an upload as entries, oldest first; the cause of a state comes before it, and an error is below
 * the state that it resulted in.
 */
export function describeLife({ upload, events, actions }: UploadLife): readonly TimelineEntry[] {
  return [
    ...events.map((event) => addProblem(describeEvent(event), upload)),
    ...actions.map(describeAction),
  ].sort(
    (left, right) => left.at.getTime() - right.at.getTime() || ORDER[left.kind] - ORDER[right.kind],
  );
}

function addProblem(entry: TimelineEntry, upload: LedgerUpload): TimelineEntry {
  const text = describeProblem(upload);
  if (text === '' || entry.kind !== 'state' || entry.title !== upload.state) return entry;
  return { ...entry, notes: [{ text, tone: 'bad' }, ...entry.notes] };
}

const ORDER: Readonly<Record<TimelineEntry['kind'], number>> = { vod: 0, state: 1, action: 2 };

function describeEvent(event: LedgerEvent): TimelineEntry {
  const { eventId, eventType, receivedAt, confirmed, deliveries } = event;
  const several = deliveries.length > 1;
  const notes = deliveries.map((delivery) => describeDelivery(delivery, several));
  const entry = { key: eventId, at: receivedAt };
  if (!eventType.startsWith(STATE)) {
    const doubt: TimelineNote = { text: 'VOD could not be asked about it', tone: 'warn' };
    const all = confirmed ? notes : [doubt, ...notes];
    return { ...entry, kind: 'vod', title: eventType, tone: 'plain', notes: all };
  }
  const title = eventType.slice(STATE.length);
  return { ...entry, kind: 'state', title, tone: STATE_TONES[title] ?? 'plain', notes };
}

function describeDelivery(delivery: LedgerDelivery, several: boolean): TimelineNote {
  const { endpoint, state, attempts, lastError, nextAttemptAt } = delivery;
  const who = several ? `${endpoint}: ` : '';
  const times = countTimes(attempts);
  if (state === 'delivered') {
    const how = attempts > 1 ? `, at the ${nth(attempts)} attempt` : '';
    return { text: `${who}Webhook delivered${how}`, tone: 'good' };
  }
  if (state === 'dead') {
    const why = lastError === '' ? '' : `: ${lastError}`;
    return {
      text: `${who}Webhook given up after ${formatCount(attempts, 'attempt')}${why}`,
      tone: 'bad',
    };
  }
  if (attempts === 0) return { text: `${who}Webhook waiting`, tone: 'plain' };
  const again = nextAttemptAt === null ? '' : `, next at ${formatClock(nextAttemptAt).slice(0, 8)}`;
  return { text: `${who}Webhook failed ${times} (${lastError})${again}`, tone: 'warn' };
}

function describeAction(action: LedgerAction): TimelineEntry {
  const { fileId, kind, state, attempts, lastError, updatedAt } = action;
  const [before, after] = ACTION_TITLES[kind] ?? [`${kind} to be done`, `${kind} done`];
  const isDead = state === 'dead';
  const times = isDead
    ? `Given up after ${formatCount(attempts, 'attempt')}`
    : `Failed ${countTimes(attempts)}`;
  const isWaiting = kind === 'inspect' && lastError === 'media_unreadable';
  const text = isWaiting ? WAITING : `${times}: ${lastError}`;
  const trouble: TimelineNote = { text, tone: isDead ? 'bad' : 'warn' };
  const isTroubled = lastError !== '' && state !== 'done';
  return {
    key: `${kind} ${fileId}`,
    kind: 'action',
    at: updatedAt,
    title: state === 'done' ? after : before,
    tone: state === 'done' ? 'plain' : 'warn',
    notes: [{ text: fileId, tone: 'plain' }, ...(isTroubled ? [trouble] : [])],
  };
}

function countTimes(attempts: number): string {
  if (attempts === 1) return 'once';
  return attempts === 2 ? 'twice' : `${attempts} times`;
}

function nth(number: number): string {
  const ending = ['th', 'st', 'nd', 'rd'][number % 10] ?? 'th';
  const isTeen = number % 100 > 10 && number % 100 < 14;
  return `${number}${isTeen ? 'th' : ending}`;
}
