import { createCoverFetcher } from '../lib/actions/fetch-cover.ts';
import {
  type CallbackConfig,
  readCallbackConfig,
  trustSignKeys,
} from '../lib/config/callback-config.ts';
import { trustContexts } from '../lib/config/context-config.ts';
import { checkDatabase, type DatabaseConfig } from '../lib/config/database-config.ts';
import { readVodCredentials } from '../lib/config/pull-config.ts';
import { authenticateNotification } from '../lib/ingest/authenticate-notification.ts';
import { createIngest, type IngestDependencies } from '../lib/ingest/ingest.ts';
import { readNotification } from '../lib/ingest/read-notification.ts';
import { describeLegacyEvent } from '../lib/ingest/received-event.ts';
import { lazyLedger } from '../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../lib/ledger/ledger.ts';
import { listApplications, requireOwnApplication } from '../lib/policy/applications.ts';
import { httpHandler, type Route } from '../lib/runtime/http-handler.ts';
import { routeWithSettings } from '../lib/runtime/route-with-settings.ts';
import { type Clock, clock, limitTo, random } from '../lib/system.ts';
import { createVodApi } from '../lib/vod/client.ts';
import { parseVodEvent } from '../lib/vod/event.ts';
import { readLegacyEvent } from '../lib/vod/event-legacy.ts';
import { createTargets } from '../lib/webhooks/create-targets.ts';
import type { Target } from '../lib/webhooks/target.ts';

/** Dependencies of the route. */
export interface CallbackDependencies extends IngestDependencies {
  readonly config: Pick<CallbackConfig, 'signKeys' | 'sharedKeyUntil' | 'contexts'> & {
    readonly vodApi: Pick<CallbackConfig['vodApi'], 'subAppId'>;
  };
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Longest wait for one answer of the ledger, so that a second try and the answer itself are in time. */
const LEDGER_MILLISECONDS = 1_000;

/** Returns the route `POST /callback`. */
export function createCallbackRoute(dependencies: CallbackDependencies): Route {
  const { config, settings, now, clock } = dependencies;
  const own = requireOwnApplication(settings.policy, config.vodApi.subAppId);
  const applications = listApplications(settings.policy, own);
  const ingest = createIngest(dependencies, applications.length);
  return async (event, { log, deadline }) => {
    const startedAt = clock.monotonic();
    const body = readNotification(event);
    const receivedAt = now();
    const trusted = trustSignKeys(config, receivedAt);
    const judgement = { applications, trusted, nowSeconds: Math.floor(receivedAt / 1_000) };
    const subAppId = authenticateNotification(body, event, judgement, log);
    const legacy = readLegacyEvent(body);
    if (legacy !== undefined) {
      Object.assign(log, describeLegacyEvent(legacy));
      return TAKEN;
    }
    const origin = { subAppId, own, contexts: trustContexts(config.contexts, receivedAt) };
    const leftOf = (milliseconds: number) =>
      limitTo(milliseconds - (clock.monotonic() - startedAt), deadline, clock).left;
    await ingest({ event: parseVodEvent(body), origin, receivedAt, leftOf }, log);
    return TAKEN;
  };
}

const TAKEN = { status: 200, body: { code: 0 } } as const;

/** The function's entry point. */
export const main_handler = httpHandler('callback', ['POST'], () => {
  const config = readCallbackConfig(process.env);
  const readCredentials = () => readVodCredentials(process.env);
  const api = createVodApi(config.vodApi, { readCredentials, clock, random });
  const targets = createTargets(config.delivery, { readCredentials, clock });
  const { databaseUrl } = config;
  const ledger =
    databaseUrl === undefined
      ? undefined
      : lazyLedger(() => openLedger({ ...config, databaseUrl }, targets));
  const times = { now: clock.now, clock, random: random.fraction };
  const known = { config, api, ledger, targets, fetchCover: createCoverFetcher() };
  const route = routeWithSettings(import.meta.dirname, (settings) =>
    createCallbackRoute({ ...known, ...times, settings }),
  );
  return { corsOrigins: [], route, ready: checkDatabase(config) };
});

async function openLedger(
  { databaseUrl, databaseCa }: DatabaseConfig & { readonly databaseUrl: string },
  targets: readonly Target[],
): Promise<Ledger> {
  const opening = await import('../lib/ledger/ledger.ts');
  return opening.openLedger(databaseUrl, {
    databaseCa,
    now: clock.now,
    randomKey: random.key,
    answerMilliseconds: LEDGER_MILLISECONDS,
    targets,
  });
}
