import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Clock, Random } from '../system.ts';
import type { ReadProgress } from '../uploads/upload-progress.ts';
import { findVodCredentials, readVodCredentials } from '../vod/credentials.ts';
import type { Environment } from './environment.ts';

/**
 * Returns the way to ask VOD about pulls, whose code is loaded when it is first needed; undefined without credentials for
 * VOD's API, and without a ledger. It rejects with a ConfigError if the environment does not say how to call VOD.
 */
export function openProgressLazily(
  environment: Environment,
  ledger: WithLedger | undefined,
  system: { readonly clock: Clock; readonly random: Random },
): ReadProgress | undefined {
  if (ledger === undefined || findVodCredentials(environment) === undefined) return undefined;
  const open = async () => {
    const [{ readProgressConfig }, { openPullProgress }] = await Promise.all([
      import('./progress-config.ts'),
      import('../uploads/progress-source.ts'),
    ]);
    const readCredentials = () => readVodCredentials(environment);
    return openPullProgress(readProgressConfig(environment), ledger, {
      ...system,
      readCredentials,
    });
  };
  let opened: Promise<ReadProgress> | undefined;
  return async (pull, deadline) => {
    opened ??= open();
    return (await opened)(pull, deadline);
  };
}
