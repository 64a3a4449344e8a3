import { createAuthenticate, requireScope } from '../lib/auth/authenticate.ts';
import { checkDatabase } from '../lib/config/database-config.ts';
import { type PullConfig, readPullConfig, readVodCredentials } from '../lib/config/pull-config.ts';
import { openLedgerLazily, type WithLedger } from '../lib/ledger/lazy-ledger.ts';
import { requireOwnApplication } from '../lib/policy/applications.ts';
import { createPermit } from '../lib/policy/permit-caller.ts';
import type { Settings } from '../lib/policy/settings.ts';
import type { Problem } from '../lib/problem.ts';
import {
  type AuthorizedPull,
  authorizePull,
  authorizePulls,
  type PullOwner,
} from '../lib/pulls/authorize-pulls.ts';
import { createIdempotencyMemory } from '../lib/pulls/idempotency-memory.ts';
import { type BatchCall, type BatchResult, submitBatch } from '../lib/pulls/submit-batch.ts';
import { submitDurableBatch } from '../lib/pulls/submit-durable-batch.ts';
import { submitDurablePull } from '../lib/pulls/submit-durable-pull.ts';
import { type PullSending, type SubmittedPull, submitPull } from '../lib/pulls/submit-pull.ts';
import {
  type HttpEvent,
  readHeader,
  readJsonBody,
  refuseInQuery,
} from '../lib/runtime/http-event.ts';
import { type Answer, httpHandler, type Route } from '../lib/runtime/http-handler.ts';
import type { Invocation } from '../lib/runtime/invocation.ts';
import type { LogFields } from '../lib/runtime/log.ts';
import { routeWithSettings } from '../lib/runtime/route-with-settings.ts';
import { clock, random } from '../lib/system.ts';
import { createQuotaMemory } from '../lib/uploads/quota-memory.ts';
import { refuseFields } from '../lib/validation/parse-fields.ts';
import {
  explainIdempotencyKey,
  PULL_FIELDS,
  type PullRequest,
  parsePullRequest,
} from '../lib/validation/pull-request.ts';
import type { CallOptions } from '../lib/vod/call.ts';
import { createVodApi, type VodApi } from '../lib/vod/client.ts';
import { createOpenedRegionCheck } from '../lib/vod/opened-regions.ts';

/** Dependencies of the route. */
export interface PullRouteDependencies extends Pick<PullSending, 'now' | 'random' | 'randomKey'> {
  readonly config: PullConfig;
  /** Who may ask for what. */
  readonly settings: Settings;
  readonly api: Pick<VodApi, 'pullUpload' | 'describeStorageRegions'>;
  /** Where there is one, it keeps every pull. */
  readonly ledger?: WithLedger | undefined;
}

/** The two ways to submit, with the ledger or without. */
interface Submitting {
  readonly one: (pull: AuthorizedPull, options: CallOptions) => Promise<SubmittedPull>;
  readonly many: (
    items: readonly (AuthorizedPull | Problem)[],
    call: BatchCall,
  ) => Promise<readonly BatchResult[]>;
}

/** Returns the route `POST /pull`. */
export function createPullRoute(dependencies: PullRouteDependencies): Route {
  const { config, settings, now } = dependencies;
  const authenticate = createAuthenticate(config.auth, settings.keys);
  const permit = createPermit(settings.policy);
  const submitting = chooseSubmitting(dependencies);

  return async (event, invocation) => {
    const nowSeconds = Math.floor(now() / 1_000);
    const caller = await authenticate(readHeader(event, 'authorization'), nowSeconds);
    invocation.log.owner = caller.owner;
    requireScope(caller, 'upload:pull');

    refuseInQuery(event, PULL_FIELDS);
    const headerKey = readIdempotencyKey(event);
    const body = parsePullRequest(readJsonBody(event), { nowSeconds, policy: config.urlPolicy });
    const owner = { owner: caller.owner, ...(await permit(caller)) };
    if (owner.subAppId !== undefined) invocation.log.subAppId = owner.subAppId;
    return body.kind === 'one'
      ? pullOne(body.request, headerKey, owner, submitting, invocation)
      : pullMany(body.items, headerKey, owner, submitting, invocation);
  };
}

function chooseSubmitting(dependencies: PullRouteDependencies): Submitting {
  const { config, settings, api, ledger, ...rest } = dependencies;
  const ownSubAppId = requireOwnApplication(settings.policy, config.vodApi.subAppId);
  const { contextKey } = config;
  const sending = {
    ...rest,
    api,
    contextKey,
    ownSubAppId,
    checkRegion: createOpenedRegionCheck(api, rest.now),
  };
  if (ledger === undefined) {
    const memory = createIdempotencyMemory<SubmittedPull>();
    const forgetting = { ...sending, memory, begin: createQuotaMemory(rest.now) };
    return {
      one: (pull, options) => submitPull(pull, forgetting, options),
      many: (items, call) => submitBatch(items, call, forgetting),
    };
  }
  // What one instance may start within a second is answered with its task; the rest would only keep the caller waiting.
  const keeping = { ...sending, ledger, sentAtOnce: config.vodApi.pullsPerSecond };
  return {
    one: (pull, options) => submitDurablePull(pull, keeping, options),
    many: (items, call) => submitDurableBatch(items, call, keeping),
  };
}

async function pullOne(
  request: PullRequest,
  headerKey: string | undefined,
  owner: PullOwner,
  submitting: Submitting,
  { log, deadline }: Invocation,
): Promise<Answer> {
  if (headerKey !== undefined && (request.idempotencyKey ?? headerKey) !== headerKey) {
    throw refuseFields([
      { path: 'idempotencyKey', message: 'must be the same as the header Idempotency-Key' },
    ]);
  }
  const idempotencyKey = headerKey ?? request.idempotencyKey;
  const pull = authorizePull(request, idempotencyKey, owner);
  const submitted = await submitting.one(pull, { remainingMilliseconds: deadline.left });
  log.uploadId = submitted.uploadId;
  if (submitted.taskId !== undefined) log.taskId = submitted.taskId;
  return { status: 202, body: submitted };
}

async function pullMany(
  items: readonly (PullRequest | Problem)[],
  headerKey: string | undefined,
  owner: PullOwner,
  submitting: Submitting,
  { log, requestId, deadline }: Invocation,
): Promise<Answer> {
  const pulls = authorizePulls(items, headerKey, owner);
  const results = await submitting.many(pulls, {
    requestId,
    remainingMilliseconds: deadline.left,
  });
  const count = (name: string) => results.filter((result) => name in result).length;
  const tally: LogFields = {
    items: items.length,
    accepted: count('uploadId'),
    refused: count('problem'),
    unsent: count('queued'),
  };
  Object.assign(log, tally);
  return { status: 202, body: { items: results } };
}

function readIdempotencyKey(event: HttpEvent): string | undefined {
  const key = readHeader(event, 'idempotency-key');
  const message = key === undefined ? undefined : explainIdempotencyKey(key);
  if (message !== undefined) throw refuseFields([{ path: 'Idempotency-Key', message }]);
  return key;
}

/** The function's entry point. */
export const main_handler = httpHandler('pull', ['POST'], () => {
  const config = readPullConfig(process.env);
  const api = createVodApi(config.vodApi, {
    readCredentials: () => readVodCredentials(process.env),
    clock,
    random,
  });
  const ledger = openLedgerLazily(config, { now: clock.now, randomKey: random.key });
  const chance = { now: clock.now, random: random.integer, randomKey: random.key };
  const route = routeWithSettings(import.meta.dirname, (settings) =>
    createPullRoute({ config, settings, api, ledger, ...chance }),
  );
  const { corsOrigins, corsHeaders } = config;
  return { corsOrigins, corsHeaders, route, ready: checkDatabase(config) };
});
