import type { ContextConfig } from '../config/context-config.ts';
import type { Settings } from '../policy/settings.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import { parseVodEvent, type RawEvent, type VodEvent, writeVodEvent } from '../vod/event.ts';
import { type BatchLedger, ingestBatch } from './durable.ts';
import { type FailureCounts, type FailureRun, reportFailedEvent } from './failed-event.ts';
import { trustContexts } from './verify-notification.ts';

/** Dependencies of ingesting what VOD itself reports, for one application. */
export interface ProvenRun extends FailureRun {
  readonly ledger: BatchLedger & FailureRun['ledger'];
  readonly contexts: ContextConfig;
  readonly settings: Settings;
}

/** Counts of these events. */
export interface ProvenCounts extends FailureCounts {
  readonly add: (name: 'fresh' | 'setAside', by?: number) => void;
}

/**
 * Ingests what VOD itself reports, and stores events that fail because of the events themselves: afterwards all of them
 * are safe. Returns the number of new events.
 *
 * @throws errors of the ledger that are not about the events.
 */
export async function ingestProven(
  events: readonly VodEvent[],
  run: ProvenRun,
  counts: ProvenCounts,
): Promise<number> {
  const [first, ...others] = events;
  if (first === undefined) return 0;
  const { ledger, settings, contexts, subAppId, applications, clock } = run;
  const receivedAt = clock.now();
  const origin = { subAppId, own: applications[0], contexts: trustContexts(contexts, receivedAt) };
  try {
    const reception = { ...origin, receivedAt, confirmed: true, settings };
    const ingested = await ingestBatch(events, ledger, reception);
    const fresh = ingested.filter(({ recorded }) => recorded.fresh).length;
    counts.add('fresh', fresh);
    return fresh;
  } catch (error) {
    if (!isItemFault(error)) throw error;
    if (others.length === 0) {
      await reportFailedEvent({ raw: writeVodEvent(first), proven: true }, error, run, counts);
      return 0;
    }
  }
  // Halving finds the few events that fail with few additional statements.
  const middle = Math.ceil(events.length / 2);
  const fresh = await ingestProven(events.slice(0, middle), run, counts);
  return fresh + (await ingestProven(events.slice(middle), run, counts));
}

/**
 * Ingests events from VOD's queue. Only VOD can put events into it, so all of them are genuine. Afterwards all of them
 * are safe: recorded, or stored because they failed.
 *
 * @throws errors of the ledger that are not about the events.
 */
export async function ingestPulled(
  raws: readonly RawEvent[],
  run: ProvenRun,
  counts: ProvenCounts,
): Promise<void> {
  const events: VodEvent[] = [];
  for (const raw of raws) {
    try {
      events.push(parseVodEvent(raw));
    } catch (error) {
      await reportFailedEvent({ raw, proven: true }, error, run, counts);
    }
  }
  await ingestProven(events, run, counts);
}
