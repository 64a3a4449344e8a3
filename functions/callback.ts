import { createCoverFetcher } from '../lib/actions/fetch-cover.ts';
import { readCallbackConfig } from '../lib/config/callback-config.ts';
import { checkDatabase } from '../lib/config/database-config.ts';
import { createIngest, type IngestDependencies } from '../lib/ingest/ingest.ts';
import { leaseFrom, openLedgerLazily } from '../lib/ledger/lazy-ledger.ts';
import { httpHandler, type Route } from '../lib/runtime/http-handler.ts';
import { routeWithSettings } from '../lib/runtime/route-with-settings.ts';
import { clock, random } from '../lib/system.ts';
import { createCallBudget } from '../lib/vod/call-budget.ts';
import { createVodApi } from '../lib/vod/client.ts';
import { readVodCredentials } from '../lib/vod/credentials.ts';
import { createTargets } from '../lib/webhooks/create-targets.ts';

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
  const ledger = openLedgerLazily(config, {
    clock,
    random,
    answerMilliseconds: LEDGER_MILLISECONDS,
    targets,
  });
  const budget = ledger && createCallBudget(config.vodApi, leaseFrom(ledger), clock);
  const api = createVodApi(config.vodApi, { readCredentials, clock, random, budget });
  const times = { clock, random };
  const known = { config, api, ledger, targets, fetchCover: createCoverFetcher() };
  const route = routeWithSettings(import.meta.dirname, (settings) =>
    createCallbackRoute({ ...known, ...times, settings }),
  );
  return { corsOrigins: [], route, ready: checkDatabase(config) };
});
