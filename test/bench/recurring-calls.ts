import { randomUUID } from 'node:crypto';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { writeCursor } from '../../lib/ledger/page.ts';
import type { EventRecord } from '../../lib/ledger/recording/event-record.ts';
import type { UploadChange } from '../../lib/ledger/uploads/upload-row.ts';
import { FILLED_AT, halfTimeOf, OPEN_ENDPOINT } from '../lib/ledger/filled-ledger.ts';

/** What a call is made with: numbers of uploads in a filled ledger, spread over its whole history. */
export interface CallPlace {
  /** Counts the calls, from 0. */
  readonly round: number;
  /** Returns the number of an upload, another one in each round; those of a state end in the same two digits. */
  readonly upload: (lastDigits: number) => number;
  /** A cursor of lists of uploads, after half of the history. */
  readonly cursor: string;
}

/** One call of the ledger. A function that it returns ends what the call began, and is not part of it. */
export type RecurringCall = (ledger: Ledger, place: CallPlace) => Promise<unknown>;

const file = (i: number) => `3877022${String(i).padStart(12, '0')}`;
const page = { limit: 50 };
const QUOTAS = { signaturesPerMinute: 1e9, openUploads: 1e9, bytesPerDay: 1e15 };
const failure = { error: 'http_500', nextAttemptAt: FILLED_AT + 1 };

/** Two last digits of the numbers of uploads in a state. */
const [ISSUED, PROCESSING, READY] = [5, 30, 45];

const issue = (owner: string) => ({
  ...({ uploadId: randomUUID(), method: 'client', owner } as const),
  fields: { expiresAt: FILLED_AT + 3_600_000, subAppId: 1 },
});

const eventOf = (fileId: string, change: Omit<UploadChange, 'key'>): EventRecord => ({
  ...{
    eventId: randomUUID(),
    eventType: 'vod.NewFileUpload',
    fileId,
    payload: {},
    confirmed: true,
  },
  changes: [{ key: { fileId }, ...change }],
});

const arrival = () => {
  const fields = { size: 10_000_000, subAppId: 1 };
  return eventOf(randomUUID(), { fact: 'uploadedForProcessing', method: 'console', fields });
};

const outcome = (fileId: string) =>
  eventOf(fileId, { fact: 'processingSucceeded', fields: { subAppId: 1 } });

/**
 * Calls that functions and `sweep` make again and again, as they make them. The first word of each name is the method.
 * What it takes out of a queue stays out, so each call finds other rows.
 */
export const RECURRING_CALLS: Readonly<Record<string, RecurringCall>> = {
  findUpload: (ledger, { upload }) => ledger.findUpload(`u${upload(READY)}`),
  'listUploads, the newest': (ledger) => ledger.listUploads(page),
  'listUploads, older ones': (ledger, { cursor }) => ledger.listUploads({ ...page, cursor }),
  'listUploads, of an owner': (ledger, { round }) =>
    ledger.listUploads({ ...page, owner: `owner${round}` }),
  'listUploads, of an owner in a state': (ledger, { round }) =>
    ledger.listUploads({ ...page, owner: `owner${round}`, state: 'processing' }),
  'listUploads, in a state': (ledger, { cursor }) =>
    ledger.listUploads({ ...page, state: 'rejected', cursor }),
  'listUploads, by a rare method': (ledger) => ledger.listUploads({ ...page, method: 'live' }),
  'listUploads, of a small application': (ledger) => ledger.listUploads({ ...page, subAppId: 2 }),
  'findFiles, 20': (ledger, { upload }) =>
    ledger.findFiles(Array.from({ length: 20 }, (_, i) => file(upload(READY + i)))),
  issueUpload: (ledger, { round }) => ledger.issueUpload(issue(`owner${round}`)),
  'issueWithin, all quotas': (ledger, { round }) =>
    ledger.issueWithin(`owner${round}`, QUOTAS, [issue(`owner${round}`)]),
  transition: (ledger, { upload }) => ledger.transition(`u${upload(ISSUED)}`, 'cancelled'),
  'recordEvent, an arrival': (ledger) => ledger.recordEvent(arrival()),
  'recordEvent, an outcome': (ledger, { upload }) =>
    ledger.recordEvent(outcome(file(upload(PROCESSING)))),
  'recordEvents, 100 arrivals': (ledger) =>
    ledger.recordEvents(Array.from({ length: 100 }, arrival)),
  storePendingConfirmation: (ledger) =>
    ledger.storePendingConfirmation({ eventId: randomUUID(), raw: {}, receivedAt: FILLED_AT }),
  'claimConfirmations, 40': (ledger) => ledger.claimConfirmations(40, 60),
  finishConfirmation: (ledger, { round }) =>
    ledger.finishConfirmation({ eventId: `unconfirmed${10_000 + round}`, attempt: 0 }),
  incrementUnconfirmed: (ledger) => ledger.incrementUnconfirmed(1),
  noteAbsentArrival: (ledger, { round }) =>
    ledger.noteAbsentArrival({ fileId: `absent-new-${round}`, source: {} }, 3),
  findAbsentArrivals: (ledger, { round }) =>
    ledger.findAbsentArrivals([`absent${20 * round + 3}`], 3),
  rememberRequest: (ledger, { round }) => {
    const owner = `owner${round}`;
    return ledger.rememberRequest({ owner, key: randomUUID(), fingerprint: 'f', uploadId: 'u1' });
  },
  'enqueuePulls, 100': (ledger) => ledger.enqueuePulls(Array.from({ length: 100 }, makePull)),
  'claimPulls, 8': (ledger) => ledger.claimPulls(8, 60),
  finishPull: (ledger, { round }) =>
    ledger.finishPull({ pullId: String(5_000 + round), uploadId: 'u5', attempt: 0 }, 'task'),
  'claimDeliveries, 128': (ledger) => ledger.claimDeliveries(128, 60, 64, [OPEN_ENDPOINT]),
  'fanOut, 500': (ledger) => ledger.fanOut(500),
  'claimActions, 40': (ledger) => ledger.claimActions(40, 60),
  finishAction: (ledger, { round }) =>
    ledger.finishAction({ fileId: `file${9_000 + 6 * round}`, kind: 'delete', attempt: 1 }),
  'claimChecks, 100': async (ledger) => {
    const claimed = await ledger.claimChecks(100, 60);
    return () =>
      Promise.all(claimed.map(({ uploadId }) => ledger.setNextCheck(uploadId, FILLED_AT + 1)));
  },
  'hastenChecks, 250': (ledger) => ledger.hastenChecks(250),
  setNextCheck: (ledger, { upload }) => ledger.setNextCheck(`u${upload(READY)}`, FILLED_AT + 1),
  findFilesWithoutArrival: (ledger, { upload }) =>
    ledger.findFilesWithoutArrival([file(upload(READY)), randomUUID()]),
  listEvents: async (ledger, { upload }) =>
    (await ledger.timeline()).listEvents(`u${upload(READY)}`),
  listActions: async (ledger, { upload }) =>
    (await ledger.timeline()).listActions(`u${upload(READY)}`),
  readWatermark: (ledger) => ledger.readWatermark('scan'),
  advanceWatermark: (ledger, { round }) => ledger.advanceWatermark('scan', FILLED_AT + round),
  acquireLease: (ledger) => ledger.acquireLease('scan', 60),
  listDeadItems: (ledger) => ledger.listDeadItems(page),
  listDeadDeliveries: async (ledger) => (await ledger.deadDeliveries()).listDeadDeliveries(page),
  'replayMany, 100': async (ledger) => (await ledger.deadDeliveries()).replayMany({ limit: 100 }),
  listEndpoints: (ledger) => ledger.listEndpoints(),
  readBacklog: (ledger) => ledger.readBacklog(),
};

/**
 * Calls that end what another call has just claimed. Each is made in two steps, of which the second one is the call that
 * the name says.
 */
export const SETTLING_CALLS: Readonly<
  Record<string, (ledger: Ledger) => Promise<() => Promise<unknown>>>
> = {
  'finishDelivery, just claimed': async (ledger) => {
    const claim = await claimDelivery(ledger);
    return () => ledger.finishDelivery(claim);
  },
  'failDelivery, just claimed': async (ledger) => {
    const claim = await claimDelivery(ledger);
    return () => ledger.failDelivery(claim, failure);
  },
};

async function claimDelivery(ledger: Ledger) {
  const [claim] = await ledger.claimDeliveries(1, 60, 64, [OPEN_ENDPOINT]);
  if (claim === undefined) throw new Error('No delivery is due.');
  return claim;
}

function makePull() {
  return { uploadId: randomUUID(), owner: 'owner1', request: {} };
}

/** Returns where the calls of a round look in a ledger with this number of uploads. */
export function placeCalls(round: number, uploads: number): CallPlace {
  const hundreds = Math.floor(uploads / 100);
  const hundred = (round * 7_919 + 13) % hundreds;
  return {
    round,
    upload: (lastDigits) => hundred * 100 + lastDigits,
    cursor: writeCursor([halfTimeOf(uploads), 'u1']),
  };
}
