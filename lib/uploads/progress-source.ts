import { leaseFrom, type WithLedger } from '../ledger/lazy-ledger.ts';
import type { VodApiConfig } from '../vod/api-config.ts';
import { createCallBudget } from '../vod/call-budget.ts';
import { createVodApi, type VodApiDependencies } from '../vod/client.ts';
import { readPullProgress } from './pull-progress.ts';
import type { ReadProgress } from './upload-progress.ts';

/** Creates the function that asks VOD, within the calls that all instances may make. */
export function openPullProgress(
  config: VodApiConfig,
  ledger: WithLedger,
  sources: Omit<VodApiDependencies, 'budget'>,
): ReadProgress {
  const budget = createCallBudget(config, leaseFrom(ledger), sources.clock);
  const api = createVodApi(config, { ...sources, budget });
  return async (pull, deadline) =>
    (await readPullProgress([pull], deadline, { api, ledger })).get(pull.uploadId);
}
