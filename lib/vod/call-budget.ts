import type { LeaseCalls, LimitRates } from '../model/call-lease.ts';
import { type Clock, createClockComparison } from '../system.ts';
import { createSharedLimit, type SharedLimit } from './shared-limit.ts';

/** How much of VOD's API an instance may use. */
export interface BudgetRates {
  /** Most calls of one action that all instances together make within any second; PullUpload has its own number. */
  readonly callsPerSecond: number;
  readonly pullsPerSecond: number;
  /** Part of the calls, above 0 and up to 1, that all background work may make; missing if callers wait for the calls. */
  readonly backgroundShare?: number | undefined;
}

/** Returns the limit of an action, for which all instances count together. */
export type CallBudget = (action: string) => SharedLimit;

/** Longest time after its moment at which a leased call is made; later, it is leased again. */
const LATE_MILLISECONDS = 50;
const LATE_PULL_MILLISECONDS = 30;

/** Part of `pullsPerSecond` at which pulls are sent, so that even late ones do not exceed it. */
const PULL_SHARE = 0.97;

/** Part of the calls that instances may hold as spare ones. */
const SPARE_SHARE = 0.1;

/** How long a call waits for its moment: if callers wait for it, and in background work. */
const PATIENCE_MILLISECONDS = 2_000;
const BACKGROUND_PATIENCE_MILLISECONDS = 30_000;

/** Most calls that are leased at once are those of this part of a second. */
const SLICE_SECONDS = 0.25;

/**
 * Creates the budget of an instance, which leases calls from the one of all instances: in slices for up to a quarter of a
 * second, so that a busy instance asks a few times in a second. An instance for which callers wait also holds a spare call
 * of each action that it makes, or up to four while it is busy, so that while there are enough calls for all, no caller waits for the database.
 */
export function createCallBudget(
  rates: BudgetRates,
  lease: LeaseCalls,
  clock: Pick<Clock, 'monotonic' | 'now' | 'sleep'>,
): CallBudget {
  const limits = new Map<string, SharedLimit>();
  const convert = createClockComparison();
  return (action) => {
    const known = limits.get(action);
    if (known !== undefined) return known;
    const limit = createSharedLimit(chooseRates(action, rates), { lease, clock, convert });
    limits.set(action, limit);
    return limit;
  };
}

/**
 * Returns the rates with which `rates` are not exceeded within any second, even if each call is made as late as it may be,
 * and all spare calls at once.
 */
function chooseRates(action: string, rates: BudgetRates): LimitRates {
  const { callsPerSecond, pullsPerSecond, backgroundShare } = rates;
  const isBackground = backgroundShare !== undefined;
  const patience = isBackground ? BACKGROUND_PATIENCE_MILLISECONDS : PATIENCE_MILLISECONDS;
  if (action === 'PullUpload') {
    const perSecond = pullsPerSecond * PULL_SHARE;
    const common = { action, patience, late: LATE_PULL_MILLISECONDS, perSecond };
    return {
      ...common,
      backgroundPerSecond: undefined,
      mostSpare: 0,
      mostAtOnce: slice(perSecond),
    };
  }
  const mostSpare = Math.floor(callsPerSecond * SPARE_SHARE);
  // One more may be leased with the last of them.
  const unspaced = mostSpare > 0 ? mostSpare + 1 : 0;
  const perSecond = (callsPerSecond - unspaced) / (1 + LATE_MILLISECONDS / 1_000);
  const common = { action, patience, late: LATE_MILLISECONDS, perSecond };
  if (!isBackground) {
    return { ...common, backgroundPerSecond: undefined, mostSpare, mostAtOnce: slice(perSecond) };
  }
  // Calls of a slice follow each other faster than those of background work in all, so one slice more may be in a second.
  const backgroundPerSecond = (perSecond * backgroundShare) / (1 + SLICE_SECONDS);
  const mostAtOnce = slice(backgroundPerSecond);
  return { ...common, backgroundPerSecond, mostSpare: 0, mostAtOnce };
}

function slice(perSecond: number): number {
  return Math.max(1, Math.floor(perSecond * SLICE_SECONDS));
}
