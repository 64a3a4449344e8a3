import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Clock, Deadline, Random } from '../system.ts';
import { type FetchedPull, readPullProgress } from '../uploads/pull-progress.ts';
import { describeVodApi, type VodApiConfig, vodCallEnvironment } from '../vod/api-config.ts';
import { readVodCredentials } from '../vod/call.ts';
import { createCallBudget } from '../vod/call-budget.ts';
import { createVodApi } from '../vod/client.ts';
import { type Environment, readEnvironment } from './environment.ts';

/** Returns VOD's percentage of a pull; undefined if it is not known. */
export type ReadProgress = (pull: FetchedPull, deadline: Deadline) => Promise<number | undefined>;

/**
 * Returns how VOD is called to ask for progress. Credentials are not checked: without them, nobody asks.
 *
 * @throws {ConfigError}
 */
export function readProgressConfig(environment: Environment): VodApiConfig {
  return describeVodApi(readEnvironment([vodCallEnvironment], environment));
}

/**
 * Creates the function that asks VOD, within the calls that all instances may make.
 *
 * @throws {ConfigError} if the environment does not say how to call VOD.
 */
export function openPullProgress(
  environment: Environment,
  ledger: WithLedger,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): ReadProgress {
  const config = readProgressConfig(environment);
  const budget = createCallBudget(
    config,
    (request) => ledger((each) => each.leaseVodCalls(request)),
    clock,
  );
  const readCredentials = () => readVodCredentials(environment);
  const api = createVodApi(config, { readCredentials, clock, random, budget });
  return async (pull, deadline) =>
    (await readPullProgress([pull], deadline, { api, ledger })).get(pull.uploadId);
}
