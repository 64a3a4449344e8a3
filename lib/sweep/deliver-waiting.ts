import type { ClaimedDelivery } from '../ledger/deliveries.ts';
import { type DeliveryCounts, deliverClaimed } from '../webhooks/deliver-due.ts';
import { explainPause } from '../webhooks/explain-pause.ts';
import type { Target } from '../webhooks/target.ts';
import type { StepCounts } from './step-counts.ts';
import { hasTime, type Producers, type SweepRun } from './sweep-run.ts';

/** What is counted of deliveries: what became of each attempt. */
export const DELIVERY_COUNTS = [
  'delivered',
  'retried',
  'dead',
  'paused',
  'unsent',
] as const satisfies readonly (keyof DeliveryCounts)[];

/** Messages are up to 256 kB, so this is what one sweep holds of them at most. */
const CLAIM_COUNT = 128;

/** Of one endpoint at once: four attempts each for what is in flight to it at once. */
const MAX_PER_ENDPOINT = 16;

/** Longer than an endpoint takes for its share where each attempt takes its whole time: four times 10 seconds. */
const LEASE_SECONDS = 90;

/** How long nothing is looked for where nothing was due. */
const PAUSE_MILLISECONDS = 500;

/** Events whose deliveries are enqueued by one statement. */
const FAN_OUT_COUNT = 500;

/** Enqueues the deliveries of what was recorded by functions that do not know whom to tell. */
export async function fanOutEvents(run: SweepRun, counts: StepCounts<'events'>): Promise<void> {
  while (hasTime(run)) {
    const count = await run.ledger.fanOut(FAN_OUT_COUNT);
    counts.add('events', count);
    if (count < FAN_OUT_COUNT) return;
  }
}

/**
 * Makes every delivery that is due, or becomes so while the sweep goes on. Each endpoint is served by itself, so a slow
 * one delays no other.
 */
export async function deliverWaiting(
  run: SweepRun,
  counts: StepCounts<keyof DeliveryCounts>,
  targets: readonly Target[],
  { isOver, over }: Producers,
): Promise<void> {
  const busy = new Map<string, Promise<void>>();
  const serve = async (endpoint: string, claims: readonly ClaimedDelivery[]) => {
    try {
      const outcome = await deliverClaimed(claims, { ...run, targets });
      for (const name of DELIVERY_COUNTS) counts.add(name, outcome[name]);
      for (const paused of outcome.newlyPaused) run.report(explainPause(paused));
    } catch (error) {
      counts.fail(error);
    } finally {
      busy.delete(endpoint);
    }
  };
  try {
    while (hasTime(run)) {
      const last = isOver();
      const claims = await run.ledger.claimDeliveries(
        CLAIM_COUNT,
        LEASE_SECONDS,
        MAX_PER_ENDPOINT,
        [...busy.keys()],
      );
      for (const [endpoint, own] of groupByEndpoint(claims)) {
        busy.set(endpoint, serve(endpoint, own));
      }
      if (last && busy.size === 0) return;
      const pause = run.sleep(PAUSE_MILLISECONDS);
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
