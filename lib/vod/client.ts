import type {
  DescribeMediaInfosRequest,
  DescribeMediaInfosResponse,
  DescribeStorageRegionsResponse,
  DescribeTaskDetailRequest,
  DescribeTaskDetailResponse,
  PullUploadRequest,
  PullUploadResponse,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { Problem } from '../problem.ts';
import type { VodApiConfig, VodCredentials } from './api-config.ts';
import { type CallDependencies, type CallOptions, callVod } from './call.ts';
import { DUPLICATE_SESSION } from './error-rules.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { createVendorClient } from './vendor-client.ts';

/** What the client takes from outside. */
export interface VodApiDependencies extends CallDependencies {
  /** Read at every call, since the platform replaces the credentials of an execution role now and then. */
  readonly readCredentials: () => VodCredentials;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/**
 * A pull that may be sent twice: VOD takes a `SessionId` once in three days, so a repeat after a lost answer cannot
 * pull the media again.
 */
export type RepeatablePullUpload = Omit<PullUploadRequest, 'SubAppId'> & {
  readonly SessionId: string;
};

/** What became of a pull that VOD did not refuse. */
export type PullUploadOutcome =
  | { readonly kind: 'accepted'; readonly taskId: string; readonly requestId: string }
  /** VOD has taken this `SessionId` before, perhaps in a try whose answer was lost. It does not tell the task. */
  | { readonly kind: 'duplicate'; readonly requestId: string };

/**
 * The calls of VOD's API, each with the configured `SubAppId`.
 *
 * All of them reject with a `Problem` whose code begins with `upstream_`, with the reason of an aborted signal, or with
 * what reading the credentials throws.
 *
 * @see https://cloud.tencent.com/document/product/266/31753
 */
export interface VodApi {
  /** Starts within the configured number per second: https://cloud.tencent.com/document/product/266/35575. */
  readonly pullUpload: (
    request: RepeatablePullUpload,
    options?: CallOptions,
  ) => Promise<PullUploadOutcome>;
  readonly describeTaskDetail: (
    request: Omit<DescribeTaskDetailRequest, 'SubAppId'>,
    options?: CallOptions,
  ) => Promise<DescribeTaskDetailResponse>;
  /** https://www.tencentcloud.com/document/product/266/46542 */
  readonly describeStorageRegions: (
    options?: CallOptions,
  ) => Promise<DescribeStorageRegionsResponse>;
  readonly describeMediaInfos: (
    request: Omit<DescribeMediaInfosRequest, 'SubAppId'>,
    options?: CallOptions,
  ) => Promise<DescribeMediaInfosResponse>;
}

/** Longest wait for an answer in milliseconds; a connection that died unnoticed costs this once. */
const ANSWER_MILLISECONDS = 5_000;

/**
 * Answers the client of VOD's API. It holds open connections and counts calls, so an instance makes one and keeps it.
 */
export function createVodApi(config: VodApiConfig, dependencies: VodApiDependencies): VodApi {
  const { endpoint, protocol, region } = config;
  const client = createVendorClient(
    { endpoint, protocol, region, answerSeconds: ANSWER_MILLISECONDS / 1_000 },
    dependencies.readCredentials,
  );
  const pullRate = createRateLimit(config.pullsPerSecond, dependencies);

  const call = async <Answer>(
    action: string,
    request: object,
    options: CallOptions,
    rateLimit?: RateLimit,
  ): Promise<Answer> => {
    // The vendor's client would take what this throws for a failed request.
    dependencies.readCredentials();
    const parameters =
      config.subAppId === undefined ? request : { ...request, SubAppId: config.subAppId };
    const send = async (signal?: AbortSignal): Promise<Answer> =>
      client.request(action, parameters, signal === undefined ? {} : { signal });
    const attempt = { send, timeLimit: ANSWER_MILLISECONDS };
    return callVod(
      rateLimit === undefined ? attempt : { ...attempt, rateLimit },
      dependencies,
      options,
    );
  };

  return {
    pullUpload: async (request, options = {}) => {
      try {
        const answer: PullUploadResponse = await call('PullUpload', request, options, pullRate);
        return describeAccepted(answer);
      } catch (error) {
        const vod = error instanceof Problem ? error.vod : undefined;
        if (vod?.code !== DUPLICATE_SESSION) throw error;
        return { kind: 'duplicate', requestId: vod.requestId };
      }
    },
    describeTaskDetail: (request, options = {}) => call('DescribeTaskDetail', request, options),
    describeStorageRegions: (options = {}) => call('DescribeStorageRegions', {}, options),
    describeMediaInfos: (request, options = {}) => call('DescribeMediaInfos', request, options),
  };
}

function describeAccepted({ TaskId, RequestId }: PullUploadResponse): PullUploadOutcome {
  if (!TaskId) {
    throw new Problem("VOD's answer to PullUpload names no task.", { code: 'upstream_failed' });
  }
  return { kind: 'accepted', taskId: TaskId, requestId: RequestId ?? '' };
}
