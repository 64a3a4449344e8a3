import { leaseFrom, type WithLedger } from '../ledger/lazy-ledger.ts';
import type { Clock } from '../system.ts';
import type { VodApiConfig } from '../vod/api-config.ts';
import { type CallBudget, createCallBudget } from '../vod/call-budget.ts';
import { createDurablePulls } from './durable.ts';
import type { UploadIdSources } from './prepare-pull.ts';
import type { PullStore } from './pull-store.ts';

/** Dependencies of pulls with a ledger. */
interface OpenDependencies extends UploadIdSources {
  readonly ledger: WithLedger;
  readonly vodApi: VodApiConfig;
  /** Key for the MAC of source contexts. */
  readonly contextKey: string;
  readonly clock: Clock;
}

/** Returns what pulls need where there is a ledger: without one, this file and what it imports are never loaded. */
export function openDurablePulls({ vodApi, ...sources }: OpenDependencies): {
  readonly store: PullStore;
  readonly budget: CallBudget;
} {
  return {
    // The pulls that one instance may start within a second are answered with their tasks; the others are sent later, or
    // the caller would have to wait for them.
    store: createDurablePulls({ ...sources, sentAtOnce: vodApi.pullsPerSecond }),
    budget: createCallBudget(vodApi, leaseFrom(sources.ledger), sources.clock),
  };
}
