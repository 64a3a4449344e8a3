import { createAuthenticate, requireScope } from '../lib/auth/authenticate.ts';
import { checkDatabase } from '../lib/config/database-config.ts';
import { type PullConfig, readPullConfig } from '../lib/config/pull-config.ts';
import {
  LEDGER_MILLISECONDS,
  openLedgerLazily,
  type WithLedger,
} from '../lib/ledger/lazy-ledger.ts';
import { requireOwnApplication } from '../lib/policy/applications.ts';
import { createPermit } from '../lib/policy/permit-caller.ts';
import type { Settings } from '../lib/policy/settings.ts';
import { refuseFields } from '../lib/problem.ts';
import type { UploadIdSources } from '../lib/pulls/prepare-pull.ts';
import type { PullStore } from '../lib/pulls/pull-store.ts';
import { createStatelessPulls } from '../lib/pulls/stateless.ts';
import {
  type PullCall,
  type PullDependencies,
  submitBatch,
  submitPull,
} from '../lib/pulls/submit.ts';
import {
  type HttpEvent,
  methodNotAllowed,
  readHeader,
  readJsonBody,
  refuseInQuery,
} from '../lib/runtime/http-event.ts';
import { type Answer, httpHandler, type Route } from '../lib/runtime/http-handler.ts';
import type { Invocation, LogFields } from '../lib/runtime/invocation.ts';
import { routeWithSettings } from '../lib/runtime/route-with-settings.ts';
import { clock, random } from '../lib/system.ts';
import {
  explainIdempotencyKey,
  PULL_FIELDS,
  type PullRequest,
  parsePullRequest,
  type RefusedItem,
} from '../lib/validation/pull-request.ts';
import type { CallBudget } from '../lib/vod/call-budget.ts';
import { createVodApi, type VodApi } from '../lib/vod/client.ts';
import { readVodCredentials } from '../lib/vod/credentials.ts';
import { createOpenedRegionCheck } from '../lib/vod/opened-regions.ts';

/** Dependencies of the route. */
export interface PullRouteDependencies extends UploadIdSources {
  readonly config: PullConfig;
  /** API keys, policy and rules: what each caller may ask for. */
  readonly settings: Settings;
  readonly api: Pick<VodApi, 'pullUpload' | 'describeStorageRegions' | 'describeTaskDetail'>;
  readonly expectPulls?: PullDependencies['expectPulls'];
  readonly store: PullStore;
  /** Of runs; undefined without a database. */
  readonly ledger: WithLedger | undefined;
}

/** Paths of runs, whose code is loaded when it is first needed. */
const MAY_BE_RUNS = /\/runs(?:\/|$)/;

/** Returns the route `POST /pull`, and those below `/pulls/runs`. */
export function createPullRoute(dependencies: PullRouteDependencies): Route {
  const { config, settings, clock } = dependencies;
  const authenticate = createAuthenticate(config.auth, settings.keys);
  const permit = createPermit(settings.policy);
  const pulls = openPulls(dependencies);

  return async (event, invocation) => {
    const nowSeconds = Math.floor(clock.now() / 1_000);
    const caller = await authenticate(readHeader(event, 'authorization'), nowSeconds);
    invocation.log.owner = caller.owner;
    requireScope(caller, 'upload:pull');

    if (typeof event.path === 'string' && MAY_BE_RUNS.test(event.path)) {
      const { answerRuns } = await import('../lib/pulls/run-routes.ts');
      const { urlPolicy } = config;
      const call = { ...invocation, event, caller, permit };
      const answer = await answerRuns(call, { ...pulls, ...dependencies, urlPolicy });
      if (answer !== undefined) return answer;
    }
    if (event.httpMethod !== 'POST') throw methodNotAllowed(String(event.httpMethod), ['POST']);
    refuseInQuery(event, PULL_FIELDS);
    const idempotencyKey = readIdempotencyKey(event);
    const body = parsePullRequest(readJsonBody(event), { nowSeconds, policy: config.urlPolicy });
    const owner = { owner: caller.owner, ...(await permit(caller)) };
    if (owner.subAppId !== undefined) invocation.log.subAppId = owner.subAppId;
    const call = { ...invocation, owner, idempotencyKey };
    return body.kind === 'one'
      ? pullOne(body.request, call, pulls)
      : pullMany(body.items, call, pulls);
  };
}

function openPulls(dependencies: PullRouteDependencies): PullDependencies {
  const { config, settings, api, expectPulls, store, clock } = dependencies;
  return {
    ...{ api, expectPulls, store },
    checkRegion: createOpenedRegionCheck(api, clock),
    contextKey: config.contextKey,
    ownSubAppId: requireOwnApplication(settings.policy, config.vodApi.subAppId),
  };
}

type Call = PullCall & Invocation;

async function pullOne(request: PullRequest, call: Call, pulls: PullDependencies): Promise<Answer> {
  const { idempotencyKey = request.idempotencyKey, log } = call;
  if ((request.idempotencyKey ?? idempotencyKey) !== idempotencyKey) {
    throw refuseFields([
      { path: 'idempotencyKey', message: 'must be the same as the header Idempotency-Key' },
    ]);
  }
  const submitted = await submitPull(request, { ...call, idempotencyKey }, pulls);
  log.uploadId = submitted.uploadId;
  if (submitted.taskId !== undefined) log.taskId = submitted.taskId;
  return { status: 202, body: submitted };
}

async function pullMany(
  items: readonly (PullRequest | RefusedItem)[],
  call: Call,
  pulls: PullDependencies,
): Promise<Answer> {
  const results = await submitBatch(items, call, pulls);
  const count = (name: string) => results.filter((result) => name in result).length;
  const counts: LogFields = {
    items: items.length,
    accepted: count('uploadId'),
    refused: count('problem'),
    unsent: count('queued'),
  };
  Object.assign(call.log, counts);
  return { status: 202, body: { items: results } };
}

function readIdempotencyKey(event: HttpEvent): string | undefined {
  const key = readHeader(event, 'idempotency-key');
  const message = key === undefined ? undefined : explainIdempotencyKey(key);
  if (message !== undefined) throw refuseFields([{ path: 'Idempotency-Key', message }]);
  return key;
}

/** The function's entry point. */
export const main_handler = httpHandler('pull', ['GET', 'POST'], () => {
  const config = readPullConfig(process.env);
  const route = routeWithSettings(import.meta.dirname, (settings) => openRoute(config, settings));
  const { corsOrigins, corsHeaders } = config;
  return { corsOrigins, corsHeaders, route, ready: checkDatabase(config) };
});

function openRoute(config: PullConfig, settings: Settings): Route {
  const sources = { clock, random };
  const ledger = openLedgerLazily(config, sources);
  const open = (store: PullStore, budget?: CallBudget) => {
    const readCredentials = () => readVodCredentials(process.env);
    const api = createVodApi(config.vodApi, { readCredentials, clock, random, budget });
    const expectPulls = budget?.('PullUpload').expect;
    return createPullRoute({ config, settings, api, expectPulls, store, ledger, ...sources });
  };
  if (ledger === undefined) return open(createStatelessPulls(sources));

  let opened: Promise<Route> | undefined;
  return async (event, invocation) => {
    opened ??= import('../lib/pulls/open-durable.ts').then(({ openDurablePulls }) => {
      const { store, budget } = openDurablePulls({ ...config, ...sources, ledger, clock });
      return open(store, budget);
    });
    // What VOD answers is recorded after that.
    const deadline = { left: () => invocation.deadline.left() - LEDGER_MILLISECONDS };
    return (await opened)(event, { ...invocation, deadline });
  };
}
