import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_BODY_BYTES, MAX_PULL_ITEMS } from '../../lib/validation/limits.ts';
import type { Presign } from './presign.ts';
import type { SentItem } from './run-answers.ts';
import type { RunService } from './run-service.ts';

/** An item that is to be added to a run. */
export interface SubmittedItem {
  readonly id: string;
  /** Its line in a list. */
  readonly line?: number;
  readonly pull: Readonly<Record<string, unknown>>;
}

/** What is done with items. */
export interface SubmitOptions {
  readonly service: RunService;
  readonly runId: string;
  /** Whether those that failed are attempted again. */
  readonly retry: boolean;
  /** Where the URLs come from, if not from the list. */
  readonly presign: Presign | undefined;
  /** Receives each item that the service refuses. */
  readonly onRefused: (item: SubmittedItem, reason: string) => void;
  /** Receives each item that was not sent, since the command gave no URL. */
  readonly onUnsigned: (item: SubmittedItem, reason: string) => void;
  /** Is told how many items were sent. */
  readonly onProgress: (sent: number) => void;
}

/** Room for what surrounds the items of a request. */
const BATCH_BYTES = MAX_BODY_BYTES - 1_024;

/** Links that are asked for at the same time, and those that wait for VOD at most: each may be valid for minutes only. */
const PRESIGNED_AT_ONCE = 8;
const MAX_WAITING = 100;
const WAITING_PAUSE_MILLISECONDS = 2_000;

/** The pause is longer for a long run, which takes its time to be counted. */
const COUNTED_PER_MILLISECOND = 10;

/** Attempts for one link: the command may ask a server that is busy. */
const ATTEMPTS = 3;
const ATTEMPT_PAUSE_MILLISECONDS = 1_000;

/**
 * Adds items to a run, in batches, or each with a link of its own. It may be interrupted at any point, and be repeated from the
 * beginning: what the run has stays as it is.
 *
 * @returns how many were sent.
 */
export async function submitItems(
  items: AsyncIterable<SubmittedItem>,
  options: SubmitOptions,
): Promise<number> {
  const { presign } = options;
  if (presign !== undefined) return submitPresigned(items, { ...options, presign });
  let sent = 0;
  for await (const batch of makeBatches(items)) {
    await submitBatch(batch, options);
    sent += batch.length;
    options.onProgress(sent);
  }
  return sent;
}

async function* makeBatches(items: AsyncIterable<SubmittedItem>) {
  let batch: SubmittedItem[] = [];
  let bytes = 0;
  for await (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(toBody(item))) + 1;
    if (batch.length > 0 && (batch.length >= MAX_PULL_ITEMS || bytes + size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function toBody({ id, pull }: SubmittedItem): Readonly<Record<string, unknown>> {
  return { ...pull, id };
}

/** Makes the bodies of items, again for each attempt. */
type MakeBodies = (
  items: readonly SubmittedItem[],
) => readonly object[] | Promise<readonly object[]>;

/** A quota of the caller has room again later; then the items that it refused are sent again. */
async function submitBatch(
  batch: readonly SubmittedItem[],
  options: SubmitOptions,
  makeBodies: MakeBodies = (items) => items.map(toBody),
): Promise<void> {
  const { service, runId, retry } = options;
  let left = batch;
  while (left.length > 0) {
    const sent = left;
    const results = await service.add(runId, () => makeBodies(sent), retry);
    const delayed = left.filter((_, place) => results[place]?.problem?.code === 'quota_exceeded');
    for (const [place, item] of left.entries()) {
      const { problem } = results[place] ?? {};
      if (problem !== undefined && problem.code !== 'quota_exceeded')
        options.onRefused(item, problem.detail ?? problem.code);
    }
    if (delayed.length > 0) await sleep(readPause(results));
    left = delayed;
  }
}

function readPause(results: readonly SentItem[]): number {
  const seconds = results.flatMap(({ problem }) => problem?.quota?.retryAfter ?? []);
  return Math.min(Math.max(1, ...seconds), 60) * 1_000;
}

/** Why an item has no link. */
class UnsignedError extends Error {
  override readonly name = 'UnsignedError';
}

/** Sends each item by itself, directly after its link was made, as soon as few links wait for VOD. */
async function submitPresigned(
  items: AsyncIterable<SubmittedItem>,
  options: SubmitOptions & { readonly presign: Presign },
): Promise<number> {
  const { presign, onUnsigned, onProgress } = options;
  const places = createPlaces(options);
  const left = items[Symbol.asyncIterator]();
  let sent = 0;
  const sign: MakeBodies = (signed) => Promise.all(signed.map((item) => signItem(item, presign)));
  const send = async (item: SubmittedItem) => {
    try {
      await submitBatch([item], options, sign);
      sent += 1;
      onProgress(sent);
    } catch (error) {
      if (!(error instanceof UnsignedError)) throw error;
      onUnsigned(item, error.message);
    }
  };
  const lane = async () => {
    for (;;) {
      await places.take();
      const { done, value } = await left.next();
      if (done === true) return;
      await send(value).finally(places.leave);
    }
  };
  await Promise.all(Array.from({ length: PRESIGNED_AT_ONCE }, lane));
  return sent;
}

async function signItem(item: SubmittedItem, presign: Presign): Promise<object> {
  for (let attempt = 1; ; attempt += 1) {
    const signed = await presign(toBody(item));
    if ('url' in signed) return { ...toBody(item), mediaUrl: signed.url };
    if (attempt >= ATTEMPTS) throw new UnsignedError(signed.reason);
    await sleep(ATTEMPT_PAUSE_MILLISECONDS);
  }
}

/** Returns the places of links that wait for VOD, or are being made. */
function createPlaces({ service, runId }: Pick<SubmitOptions, 'service' | 'runId'>) {
  let taken = 0;
  let room = 0;
  let turn = Promise.resolve();
  const find = async () => {
    while (room <= 0) {
      const { states, total } = await service.show(runId);
      const free = MAX_WAITING - (states.waiting ?? 0) - taken;
      // To count them for every single item would be most of the work.
      if (free >= PRESIGNED_AT_ONCE) room = free;
      else await sleep(Math.max(WAITING_PAUSE_MILLISECONDS, total / COUNTED_PER_MILLISECOND));
    }
    room -= 1;
    taken += 1;
  };
  return {
    /** Resolves as soon as there is one. */
    take(): Promise<void> {
      turn = turn.then(find);
      return turn;
    },
    leave: () => {
      taken -= 1;
    },
  };
}
