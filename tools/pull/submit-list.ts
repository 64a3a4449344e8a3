import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_BODY_BYTES, MAX_PULL_ITEMS } from '../../lib/validation/limits.ts';
import type { Presign } from './presign.ts';
import type { RunService, SentItem } from './run-service.ts';

/** An item that is to be added to a run. */
export interface SubmittedItem {
  readonly id: string;
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
  /** Receives each item that the service, or the command for URLs, refuses. */
  readonly onRefused: (item: SubmittedItem, reason: string) => void;
  /** Is told how many items were sent. */
  readonly onProgress: (sent: number) => void;
}

/** Room for what surrounds the items of a request. */
const BATCH_BYTES = MAX_BODY_BYTES - 1_024;

/** URLs that are asked for at the same time, and links that wait for VOD at most: each may be valid for minutes only. */
const PRESIGNED_AT_ONCE = 8;
const MOST_WAITING = 100;
const WAITING_PAUSE_MILLISECONDS = 2_000;

/**
 * Adds items to a run, in batches. It may be interrupted at any point, and be repeated from the beginning: what the run has
 * stays as it is.
 *
 * @returns how many were sent.
 */
export async function submitItems(
  items: AsyncIterable<SubmittedItem>,
  options: SubmitOptions,
): Promise<number> {
  let sent = 0;
  const most = options.presign === undefined ? MAX_PULL_ITEMS : MOST_WAITING;
  for await (const batch of makeBatches(items, most)) {
    await submitBatch(
      options.presign === undefined ? batch : await presignAll(batch, options),
      options,
    );
    sent += batch.length;
    options.onProgress(sent);
  }
  return sent;
}

async function* makeBatches(items: AsyncIterable<SubmittedItem>, most: number) {
  let batch: SubmittedItem[] = [];
  let bytes = 0;
  for await (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(toBody(item))) + 1;
    if (batch.length > 0 && (batch.length >= most || bytes + size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function toBody({ id, pull }: SubmittedItem): object {
  return { ...pull, id };
}

/** Asks for URLs as soon as few links wait for VOD. */
async function presignAll(
  batch: readonly SubmittedItem[],
  options: SubmitOptions,
): Promise<readonly SubmittedItem[]> {
  const { service, runId, presign } = options;
  while (((await service.show(runId)).states.waiting ?? 0) >= MOST_WAITING)
    await sleep(WAITING_PAUSE_MILLISECONDS);
  const signed: SubmittedItem[] = [];
  const waiting = batch.values();
  const lane = async () => {
    for (const item of waiting) {
      const mediaUrl = await presign?.(toBody(item) as Readonly<Record<string, unknown>>);
      if (mediaUrl === undefined) options.onRefused(item, 'the command of --presign gives no URL');
      else signed.push({ ...item, pull: { ...item.pull, mediaUrl } });
    }
  };
  await Promise.all(Array.from({ length: PRESIGNED_AT_ONCE }, lane));
  return signed;
}

/** A quota of the caller has room again later; then the items that it refused are sent again. */
async function submitBatch(batch: readonly SubmittedItem[], options: SubmitOptions): Promise<void> {
  let left = batch;
  while (left.length > 0) {
    const results = await options.service.add(options.runId, left.map(toBody), options.retry);
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
