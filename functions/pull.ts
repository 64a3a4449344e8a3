import { createAuthenticate, requireScope } from '../lib/auth/authenticate.ts';
import { checkDatabase } from '../lib/config/database-config.ts';
import { type PullConfig, readPullConfig } from '../lib/config/pull-config.ts';
import { openLedgerLazily, type WithLedger } from '../lib/ledger/lazy-ledger.ts';
import { requireOwnApplication } from '../lib/policy/applications.ts';
import { createPermit } from '../lib/policy/permit-caller.ts';
import type { Settings } from '../lib/policy/settings.ts';
import { Problem, refuseFields } from '../lib/problem.ts';
import { createDurablePulls } from '../lib/pulls/durable.ts';
import type { UploadIdSources } from '../lib/pulls/prepare-pull.ts';
import type { PullStore } from '../lib/pulls/pull-store.ts';
import type { RunCall } from '../lib/pulls/run-routes.ts';
import { createStatelessPulls } from '../lib/pulls/stateless.ts';
import {
  type PullCall,
  type PullDependencies,
  submitBatch,
  submitPull,
} from '../lib/pulls/submit.ts';
import {
  type HttpEvent,
  readHeader,
  readJsonBody,
  readPath,
  refuseInQuery,
} from '../lib/runtime/http-event.ts';
import {
  type Answer,
  httpHandler,
  methodNotAllowed,
  type Route,
} from '../lib/runtime/http-handler.ts';
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
import { readVodCredentials } from '../lib/vod/call.ts';
import { createCallBudget } from '../lib/vod/call-budget.ts';
import { createVodApi, type VodApi } from '../lib/vod/client.ts';
import { createOpenedRegionCheck } from '../lib/vod/opened-regions.ts';

/** Dependencies of the route. */
export interface PullRouteDependencies extends UploadIdSources {
  readonly config: PullConfig;
  /** API keys, policy and rules: what each caller may ask for. */
  readonly settings: Settings;
  readonly api: Pick<VodApi, 'pullUpload' | 'describeStorageRegions' | 'describeTaskDetail'>;
  readonly expectPulls?: PullDependencies['expectPulls'];
  /** Where there is a ledger, every pull is recorded in it. */
  readonly ledger?: WithLedger | undefined;
}

/** Returns the route `POST /pull`, and those below `/pulls/runs`. */
export function createPullRoute(dependencies: PullRouteDependencies): Route {
  const { config, settings, now } = dependencies;
  const authenticate = createAuthenticate(config.auth, settings.keys);
  const permit = createPermit(settings.policy);
  const pulls = openPulls(dependencies);

  return async (event, invocation) => {
    const nowSeconds = Math.floor(now() / 1_000);
    const caller = await authenticate(readHeader(event, 'authorization'), nowSeconds);
    invocation.log.owner = caller.owner;
    requireScope(caller, 'upload:pull');

    const path = readRunPath(event);
    if (path !== undefined) {
      const owner = { owner: caller.owner, ...(await permit(caller)) };
      return answerRuns({ ...invocation, event, path, owner }, dependencies, pulls);
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
  const { config, settings, api, expectPulls, now } = dependencies;
  return {
    ...{ api, expectPulls },
    store: openStore(dependencies),
    checkRegion: createOpenedRegionCheck(api, now),
    contextKey: config.contextKey,
    ownSubAppId: requireOwnApplication(settings.policy, config.vodApi.subAppId),
  };
}

function openStore({ config, ledger, ...sources }: PullRouteDependencies): PullStore {
  if (ledger === undefined) return createStatelessPulls(sources);
  const { contextKey, vodApi } = config;
  // The pulls that one instance may start within a second are answered with their tasks; the others are sent later, or
  // the caller would have to wait for them.
  return createDurablePulls({ ...sources, ledger, contextKey, sentAtOnce: vodApi.pullsPerSecond });
}

/** Returns the parts of the path after `runs`, which follows the function's own name; undefined for any other path. */
function readRunPath(event: HttpEvent): readonly string[] | undefined {
  const parts = readPath(event, 'pulls');
  const [root, ...path] = parts[0] === 'pull' ? parts.slice(1) : parts;
  return root === 'runs' ? path : undefined;
}

/** Answers a request about a run. Its code is loaded when it is first needed. */
async function answerRuns(
  call: Pick<RunCall, 'event' | 'path' | 'owner' | keyof Invocation>,
  { config, ledger, ...sources }: PullRouteDependencies,
  pulls: PullDependencies,
): Promise<Answer> {
  if (ledger === undefined) {
    throw new Problem(
      'Runs are kept in a database: set DATABASE_URL to the URL of a PostgreSQL database to have one.',
      { code: 'ledger_required' },
    );
  }
  const { answerRunRequest } = await import('../lib/pulls/run-routes.ts');
  const dependencies = { ...pulls, ...sources, ledger };
  return answerRunRequest({ ...call, urlPolicy: config.urlPolicy, dependencies });
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
  const ledger = openLedgerLazily(config, { now: clock.now, randomKey: random.key });
  const budget =
    ledger &&
    createCallBudget(
      config.vodApi,
      (request) => ledger((each) => each.leaseVodCalls(request)),
      clock,
    );
  const expectPulls = budget?.('PullUpload').expect;
  const api = createVodApi(config.vodApi, {
    readCredentials: () => readVodCredentials(process.env),
    clock,
    random,
    budget,
  });
  const chance = { now: clock.now, random: random.integer, randomKey: random.key };
  const route = routeWithSettings(import.meta.dirname, (settings) =>
    createPullRoute({ config, settings, api, expectPulls, ledger, ...chance }),
  );
  const { corsOrigins, corsHeaders } = config;
  return { corsOrigins, corsHeaders, route, ready: checkDatabase(config) };
});
