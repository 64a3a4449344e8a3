import { createCoverFetcher } from '../lib/actions/fetch-cover.ts';
import { readCallbackConfig } from '../lib/config/callback-config.ts';
import { checkDatabase, type DatabaseConfig } from '../lib/config/database-config.ts';
import { createIngest, type IngestDependencies } from '../lib/ingest/ingest.ts';
import { lazyLedger } from '../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../lib/ledger/ledger.ts';
import { httpHandler, type Route } from '../lib/runtime/http-handler.ts';
import { routeWithSettings } from '../lib/runtime/route-with-settings.ts';
import { clock, random } from '../lib/system.ts';
import { readVodCredentials } from '../lib/vod/call.ts';
import { createCallBudget } from '../lib/vod/call-budget.ts';
import { createVodApi } from '../lib/vod/client.ts';
import { createTargets } from '../lib/webhooks/create-targets.ts';
import type { Target } from '../lib/webhooks/target.ts';

/** Longest wait for one answer of the ledger, which leaves time for a second attempt and for the response. */
const LEDGER_MILLISECONDS = 1_000;

/** Returns the route `POST /callback`. */
export function createCallbackRoute(dependencies: IngestDependencies): Route {
  const ingest = createIngest(dependencies);
  return async (event, invocation) => {
    await ingest(event, invocation);
    return ACKNOWLEDGED;
  };
}

const ACKNOWLEDGED = { status: 200, body: { code: 0 } } as const;

/** The function's entry point. */
export const main_handler = httpHandler('callback', ['POST'], () => {
  const config = readCallbackConfig(process.env);
  const readCredentials = () => readVodCredentials(process.env);
  const targets = createTargets(config.delivery, { readCredentials, clock });
  const { databaseUrl } = config;
  const ledger =
    databaseUrl === undefined
      ? undefined
      : lazyLedger(() => openLedger({ ...config, databaseUrl }, targets));
  const budget =
    ledger &&
    createCallBudget(
      config.vodApi,
      (request) => ledger((each) => each.leaseVodCalls(request)),
      clock,
    );
  const api = createVodApi(config.vodApi, { readCredentials, clock, random, budget });
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
