import type { ClaimedDelivery } from '../ledger/deliveries/deliveries.ts';
import { hasTimeToDeliver } from '../webhooks/deliver-batch.ts';
import { type DeliveryCounts, deliverClaimed } from '../webhooks/deliver-due.ts';
import { explainPause } from '../webhooks/explain-pause.ts';
import type { Target } from '../webhooks/target.ts';
import type { StepCounts } from './step-counts.ts';
import { hasTime, type Producers, type SweepRun } from './sweep-run.ts';

/** Counts of deliveries, by the outcome of each attempt. */
export const DELIVERY_COUNTS = [
  'delivered',
  'retried',
  'dead',
  'paused',
  'unsent',
] as const satisfies readonly (keyof DeliveryCounts)[];

const CLAIM_COUNT = 128;

/** Most bytes on disk of the events that are being delivered; in memory they are several times as many. */
const MAX_HELD_BYTES = 4_000_000;

/** Deliveries to one endpoint per claim: four for each message that may be in flight to it. */
const MAX_PER_ENDPOINT = 16;

/** Longer than the deliveries to one endpoint need if each attempt reaches its time limit: four times 10 seconds. */
const LEASE_SECONDS = 90;

/** Milliseconds to wait if nothing was due. */
const PAUSE_MILLISECONDS = 500;

/** Events per statement that enqueues deliveries. */
const FAN_OUT_COUNT = 500;

/** Enqueues the deliveries of events that were recorded by functions that do not know the targets. */
export async function fanOutEvents(run: SweepRun, counts: StepCounts<'events'>): Promise<void> {
  while (hasTime(run)) {
    const count = await run.ledger.fanOut(FAN_OUT_COUNT);
    counts.add('events', count);
    if (count < FAN_OUT_COUNT) return;
  }
}

/**
 * Makes every delivery that is due, or becomes due during the sweep. Each endpoint is served separately, so a slow one
 * does not delay others.
 */
export async function deliverWaiting(
  run: SweepRun,
  counts: StepCounts<keyof DeliveryCounts>,
  targets: readonly Target[],
  { isOver, over }: Producers,
): Promise<void> {
  const busy = new Map<string, Promise<void>>();
  let held = 0;
  const serve = async (endpoint: string, claims: readonly ClaimedDelivery[]) => {
    const bytes = claims.reduce((sum, { size }) => sum + size, 0);
    held += bytes;
    try {
      const outcome = await deliverClaimed(claims, { ...run, targets });
      for (const name of DELIVERY_COUNTS) counts.add(name, outcome[name]);
      for (const paused of outcome.newlyPaused) run.report(explainPause(paused));
    } catch (error) {
      counts.fail(error);
    } finally {
      held -= bytes;
      busy.delete(endpoint);
    }
  };
  try {
    while (hasTimeToDeliver(run)) {
      if (held >= MAX_HELD_BYTES) {
        await Promise.race(busy.values());
        continue;
      }
      const last = isOver();
      const excluded = [...busy.keys()];
      const claims = await run.ledger.claimDeliveries(
        CLAIM_COUNT,
        LEASE_SECONDS,
        MAX_PER_ENDPOINT,
        excluded,
      );
      for (const [endpoint, own] of groupByEndpoint(claims)) {
        busy.set(endpoint, serve(endpoint, own));
      }
      // An endpoint that became free during the claim may have more.
      if (last && busy.size === 0 && excluded.length === 0) return;
      const pause = run.clock.sleep(PAUSE_MILLISECONDS);
      await Promise.race([...busy.values(), pause, ...(last ? [] : [over])]);
    }
  } finally {
    await Promise.all(busy.values());
  }
}

function groupByEndpoint(
  claims: readonly ClaimedDelivery[],
): ReadonlyMap<string, readonly ClaimedDelivery[]> {
  const groups = new Map<string, ClaimedDelivery[]>();
  for (const claim of claims) {
    const group = groups.get(claim.endpoint);
    if (group === undefined) groups.set(claim.endpoint, [claim]);
    else group.push(claim);
  }
  return groups;
}
