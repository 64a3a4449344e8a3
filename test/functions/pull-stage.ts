import { randomInt, randomUUID } from 'node:crypto';
import { createPullRoute, type PullRouteDependencies } from '../../functions/pull.ts';
import { readPullConfig } from '../../lib/config/pull-config.ts';
import { createDurablePulls } from '../../lib/pulls/durable.ts';
import { createStatelessPulls } from '../../lib/pulls/stateless.ts';
import type { PullUploadOutcome, RepeatablePullUpload } from '../../lib/vod/client.ts';
import { askRoute, type EventShape } from '../support/http-events.ts';
import { NO_SETTINGS } from '../support/settings.ts';

/** The default time of the tests. */
export const NOW = Date.UTC(2026, 10, 22, 8);

/** Accepts a pull as VOD does. */
export async function accept({ SessionId }: RepeatablePullUpload): Promise<PullUploadOutcome> {
  return { kind: 'accepted', taskId: `1500000001-pull-${SessionId}`, requestId: 'r' };
}

/** How the function differs from one without authentication in front of a VOD that accepts every pull. */
interface PullChange extends Partial<Omit<PullRouteDependencies, 'config' | 'api' | 'store'>> {
  readonly environment?: Readonly<Record<string, string>>;
  readonly api?: Partial<PullRouteDependencies['api']>;
  readonly toEvent?: EventShape['toEvent'];
}

/** Returns a client of the function; the test controls everything else. */
export function openPull({ environment, api, ledger, toEvent, ...change }: PullChange = {}) {
  const config = readPullConfig({
    ...{ AUTH: 'none', VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'secret-key-example' },
    ...environment,
  });
  const sources = {
    clock: { now: () => NOW },
    random: { integer: randomInt, key: randomUUID },
    ...change,
  };
  const { contextKey, vodApi } = config;
  const route = createPullRoute({
    ...{ config, settings: NO_SETTINGS, ledger, ...sources },
    api: {
      pullUpload: accept,
      describeStorageRegions: async () => ({
        StorageRegionInfos: [{ Region: 'ap-seoul', Status: 'opened' }],
      }),
      describeTaskDetail: async () => ({}),
      ...api,
    },
    store:
      ledger === undefined
        ? createStatelessPulls(sources)
        : createDurablePulls({ ...sources, ledger, contextKey, sentAtOnce: vodApi.pullsPerSecond }),
  });
  return askRoute('pull', route, toEvent);
}
