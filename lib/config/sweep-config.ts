import * as v from 'valibot';
import type { Retention } from '../model/retention.ts';
import { describeVodApi, type VodApiConfig, vodApiEnvironment } from '../vod/api-config.ts';
import type { DeliveryConfig } from '../webhooks/create-targets.ts';
import { type ContextConfig, contextEnvironment, describeContexts } from './context-config.ts';
import {
  type DatabaseConfig,
  databaseEnvironment,
  databaseUrl,
  describeDatabase,
} from './database-config.ts';
import { readDeliveryConfig } from './delivery-config.ts';
import { type Environment, given, readEnvironment } from './environment.ts';
import {
  describeExport,
  exportEnvironment,
  type RowExport,
  retention,
} from './retention-config.ts';

/** Configuration of the `sweep` function. */
export interface SweepConfig extends DatabaseConfig {
  readonly databaseUrl: string;
  readonly vodApi: VodApiConfig;
  /** How the contexts of uploads are verified. */
  readonly contexts: ContextConfig;
  /** Whether VOD puts the application's events into a queue instead of sending them to `callback`. */
  readonly pullsEvents: boolean;
  /** Part of the calls of VOD that all sweeps together may make, above 0 and up to 1. */
  readonly backgroundShare: number;
  /** Targets of messages. */
  readonly delivery: DeliveryConfig;
  /** How long the ledger keeps what has been done. */
  readonly retention: Retention;
  /** Where rows are stored before they are removed, if they are. */
  readonly rowExport: RowExport | undefined;
}

/** Our choice: what callers wait for has the other half in any case. */
const DEFAULT_BACKGROUND_PERCENT = '50';

const sweepEnvironment = [
  ...vodApiEnvironment,
  contextEnvironment,
  v.object({
    ...databaseEnvironment,
    DATABASE_URL: v.pipe(given, databaseUrl),
    // Mode of ModifyEventConfig, one for the whole application: https://cloud.tencent.com/document/product/266/33779
    VOD_EVENT_MODE: v.optional(v.picklist(['PUSH', 'PULL'], 'must be PUSH or PULL'), 'PUSH'),
    RETENTION: v.optional(retention, ''),
    ...exportEnvironment,
    VOD_BACKGROUND_PERCENT: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^(?:[1-9]\d?|100)$/, 'must be a whole number from 1 to 100'),
        v.transform(Number),
      ),
      DEFAULT_BACKGROUND_PERCENT,
    ),
  }),
] as const;

/**
 * Returns the configuration of the `sweep` function. It also checks that there are credentials, which are read again
 * for every call.
 *
 * @throws {ConfigError}
 */
export function readSweepConfig(environment: Environment): SweepConfig {
  const e = readEnvironment(sweepEnvironment, environment);
  return Object.freeze({
    ...describeDatabase(e),
    databaseUrl: e.DATABASE_URL,
    vodApi: describeVodApi(e),
    contexts: describeContexts(e),
    pullsEvents: e.VOD_EVENT_MODE === 'PULL',
    backgroundShare: e.VOD_BACKGROUND_PERCENT / 100,
    delivery: readDeliveryConfig(environment),
    retention: e.RETENTION,
    rowExport: describeExport(e),
  });
}
