import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PullConfig, readPullConfig, readVodCredentials } from '../lib/config/pull-config.ts';
import { type Caller, createAuthenticate, requireScope } from '../lib/http/authenticate.ts';
import { type HttpEvent, readHeader, readJsonBody } from '../lib/http/event.ts';
import { type Answer, httpHandler, type Invocation, type Route } from '../lib/http/http-handler.ts';
import type { LogFields } from '../lib/log.ts';
import type { Problem } from '../lib/problem.ts';
import { createIdempotencyMemory } from '../lib/uploads/idempotency-memory.ts';
import { submitBatch } from '../lib/uploads/submit-batch.ts';
import { type PullDependencies, submitPull } from '../lib/uploads/submit-pull.ts';
import { refuseFields } from '../lib/validation/parse-fields.ts';
import {
  explainIdempotencyKey,
  type PullRequest,
  parsePullRequest,
} from '../lib/validation/pull-request.ts';
import { createVodApi, type VodApi } from '../lib/vod/client.ts';
import { createOpenedRegionCheck } from '../lib/vod/opened-regions.ts';

/** What the route takes from outside. */
export interface PullRouteDependencies
  extends Pick<PullDependencies, 'now' | 'random' | 'randomKey'> {
  readonly config: PullConfig;
  readonly api: Pick<VodApi, 'pullUpload' | 'describeStorageRegions'>;
}

/** Answers the route `POST /pull`. */
export function createPullRoute({ config, api, ...chance }: PullRouteDependencies): Route {
  const authenticate = createAuthenticate(config.auth, []);
  const dependencies: PullDependencies = {
    ...chance,
    api,
    checkRegion: createOpenedRegionCheck(api, chance.now),
    memory: createIdempotencyMemory(),
  };

  return async (event, invocation) => {
    const nowSeconds = Math.floor(chance.now() / 1_000);
    const caller = await authenticate(readHeader(event, 'authorization'), nowSeconds);
    invocation.log.owner = caller.owner;
    requireScope(caller, 'upload:pull');

    const headerKey = readIdempotencyKey(event);
    const body = parsePullRequest(readJsonBody(event), { nowSeconds, policy: config.urlPolicy });
    return body.kind === 'one'
      ? pullOne(body.request, headerKey, caller, dependencies, invocation)
      : pullMany(body.items, headerKey, caller, dependencies, invocation);
  };
}

async function pullOne(
  request: PullRequest,
  headerKey: string | undefined,
  { owner }: Caller,
  dependencies: PullDependencies,
  { log, remainingMilliseconds }: Invocation,
): Promise<Answer> {
  if (headerKey !== undefined && (request.idempotencyKey ?? headerKey) !== headerKey) {
    throw refuseFields([
      { path: 'idempotencyKey', message: 'must be the same as the header Idempotency-Key' },
    ]);
  }
  const idempotencyKey = headerKey ?? request.idempotencyKey;
  const submitted = await submitPull({ owner, request, idempotencyKey }, dependencies, {
    remainingMilliseconds,
  });
  log.uploadId = submitted.uploadId;
  if (submitted.taskId !== undefined) log.taskId = submitted.taskId;
  return { status: 202, body: submitted };
}

async function pullMany(
  items: readonly (PullRequest | Problem)[],
  headerKey: string | undefined,
  { owner }: Caller,
  dependencies: PullDependencies,
  { log, requestId, remainingMilliseconds }: Invocation,
): Promise<Answer> {
  const call = { owner, headerKey, requestId, remainingMilliseconds };
  const results = await submitBatch(items, call, dependencies);
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
    now: () => performance.now(),
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal ? { signal } : {}),
    random: Math.random,
  });
  const route = createPullRoute({
    config,
    api,
    now: Date.now,
    random: randomInt,
    randomKey: randomUUID,
  });
  return { corsOrigins: config.corsOrigins, route };
});
