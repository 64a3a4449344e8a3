import type {
  ConfirmEventsRequest,
  ConfirmEventsResponse,
  DeleteMediaRequest,
  DeleteMediaResponse,
  DescribeMediaInfosRequest,
  DescribeMediaInfosResponse,
  DescribeStorageRegionsResponse,
  DescribeSubAppIdsRequest,
  DescribeSubAppIdsResponse,
  DescribeTaskDetailRequest,
  DescribeTaskDetailResponse,
  DescribeTasksRequest,
  DescribeTasksResponse,
  EventContent,
  ModifyMediaInfoRequest,
  ModifyMediaInfoResponse,
  ProcessMediaByProcedureRequest,
  ProcessMediaByProcedureResponse,
  PullEventsResponse,
  PullUploadRequest,
  PullUploadResponse,
  SearchMediaRequest,
  SearchMediaResponse,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { Problem } from '../problem.ts';
import type { Clock } from '../system.ts';
import { createRateLimit, type RateLimit } from '../system.ts';
import { defined } from '../validation/json-object.ts';
import type { VodApiConfig } from './api-config.ts';
import { type CallDependencies, type CallOptions, callVod } from './call.ts';
import type { CallBudget } from './call-budget.ts';
import type { VodCredentials } from './credentials.ts';
import { DUPLICATE_SESSION, NO_EVENTS } from './error-rules.ts';
import { createVendorClient } from './vendor-client.ts';

/** Dependencies of the client. */
export interface VodApiDependencies extends CallDependencies {
  /** Read at every call, since the platform replaces the credentials of an execution role from time to time. */
  readonly readCredentials: () => VodCredentials;
  readonly clock: Clock;
  /** The calls that all instances share; without it, only pulls are limited, and each instance counts for itself. */
  readonly budget?: CallBudget | undefined;
}

/**
 * A pull that may be sent twice: VOD accepts a `SessionId` once in three days, so a repeat after a lost answer cannot
 * pull the media again.
 */
export type RepeatablePullUpload = Omit<PullUploadRequest, 'SubAppId'> & {
  readonly SessionId: string;
};

/** A task flow that may be requested twice, for the same reason. */
export type RepeatableProcess = Omit<ProcessMediaByProcedureRequest, 'SubAppId'> & {
  readonly SessionId: string;
};

/** Result of a pull that VOD did not refuse. */
export type PullUploadOutcome =
  | { readonly kind: 'accepted'; readonly taskId: string; readonly requestId: string }
  /** VOD accepted this `SessionId` before, perhaps in an attempt whose answer was lost. It does not name the task. */
  | { readonly kind: 'duplicate'; readonly requestId: string };

/** One call of VOD's API. */
type VodCall<Request extends object, Answer> = (
  request: Omit<Request, 'SubAppId'>,
  options?: CallOptions,
) => Promise<Answer>;

/**
 * The calls of VOD's API, each for the application that its options name, or else the configured one.
 *
 * They reject with a `Problem` whose code begins with `upstream_`, with the reason of an aborted signal, or with the
 * error of `readCredentials`.
 *
 * @see https://cloud.tencent.com/document/product/266/31753
 */
export interface VodApi {
  /** Starts at most the configured number per second: https://cloud.tencent.com/document/product/266/35575. */
  readonly pullUpload: (
    request: RepeatablePullUpload,
    options?: CallOptions,
  ) => Promise<PullUploadOutcome>;
  /** Knows tasks of the last three days: https://cloud.tencent.com/document/product/266/33431. */
  readonly describeTaskDetail: VodCall<DescribeTaskDetailRequest, DescribeTaskDetailResponse>;
  /** Knows tasks of the last three days: https://cloud.tencent.com/document/product/266/43059. */
  readonly describeTasks: VodCall<DescribeTasksRequest, DescribeTasksResponse>;
  /** The applications of the account: https://cloud.tencent.com/document/product/266/36304. */
  readonly describeSubAppIds: VodCall<DescribeSubAppIdsRequest, DescribeSubAppIdsResponse>;
  /** https://www.tencentcloud.com/document/product/266/46542 */
  readonly describeStorageRegions: (
    options?: CallOptions,
  ) => Promise<DescribeStorageRegionsResponse>;
  /** Accepts 20 files per call: https://cloud.tencent.com/document/product/266/31763. */
  readonly describeMediaInfos: VodCall<DescribeMediaInfosRequest, DescribeMediaInfosResponse>;
  /** https://cloud.tencent.com/document/product/266/31813 */
  readonly searchMedia: VodCall<SearchMediaRequest, SearchMediaResponse>;
  /** https://cloud.tencent.com/document/product/266/31764 */
  readonly deleteMedia: VodCall<DeleteMediaRequest, DeleteMediaResponse>;
  /**
   * VOD cannot recognise a repeat of it, so it is sent again only after VOD refused it. If its answer is lost, look at
   * the media file instead. https://cloud.tencent.com/document/product/266/31762
   */
  readonly modifyMediaInfo: VodCall<ModifyMediaInfoRequest, ModifyMediaInfoResponse>;
  /** https://cloud.tencent.com/document/product/266/34782 */
  readonly processMediaByProcedure: (
    request: RepeatableProcess,
    options?: CallOptions,
  ) => Promise<ProcessMediaByProcedureResponse>;
  /**
   * Waits up to five seconds for events of the reliable mode, and returns at most 16, possibly none. An event that is
   * not confirmed within 30 s is returned again: https://cloud.tencent.com/document/product/266/33433.
   */
  readonly pullEvents: (options?: CallOptions) => Promise<readonly EventContent[]>;
  /** Accepts 16 events per call: https://cloud.tencent.com/document/product/266/33434. */
  readonly confirmEvents: VodCall<ConfirmEventsRequest, ConfirmEventsResponse>;
}

/** Longest wait for an answer in milliseconds; a connection that broke unnoticed costs this once. */
const ANSWER_MILLISECONDS = 5_000;

/** The same for the one call that waits for events, as its documentation advises. */
const POLL_MILLISECONDS = 10_000;

/** Where VOD's API is, and the limit of pulls if there is no budget. */
type ApiAddress = Omit<VodApiConfig, 'callsPerSecond'>;

/** Creates the client of VOD's API. It keeps connections open and counts calls, so an instance creates it once. */
export function createVodApi(config: ApiAddress, dependencies: VodApiDependencies): VodApi {
  const define = createCaller(config, dependencies);
  const { budget, clock } = dependencies;
  const pullUpload = define<RepeatablePullUpload, PullUploadResponse>(
    'PullUpload',
    budget ? {} : { rateLimit: createRateLimit(config.pullsPerSecond, clock) },
  );
  const describeStorageRegions = define<object, DescribeStorageRegionsResponse>(
    'DescribeStorageRegions',
  );
  const pullEvents = define<object, PullEventsResponse>('PullEvents', {
    timeLimit: POLL_MILLISECONDS,
  });

  return {
    pullUpload: async (request, options) => {
      try {
        return describeAccepted(await pullUpload(request, options));
      } catch (error) {
        const vod = error instanceof Problem ? error.vod : undefined;
        if (vod?.code !== DUPLICATE_SESSION) throw error;
        return { kind: 'duplicate', requestId: vod.requestId };
      }
    },
    describeTaskDetail: define('DescribeTaskDetail'),
    describeTasks: define('DescribeTasks'),
    describeSubAppIds: define('DescribeSubAppIds', { ofAccount: true }),
    describeStorageRegions: (options) => describeStorageRegions({}, options),
    describeMediaInfos: define('DescribeMediaInfos'),
    searchMedia: define('SearchMedia'),
    deleteMedia: define('DeleteMedia'),
    modifyMediaInfo: define('ModifyMediaInfo', { once: true }),
    processMediaByProcedure: define('ProcessMediaByProcedure'),
    pullEvents: async (options) => {
      try {
        const { EventSet: events } = await pullEvents({}, options);
        return events ?? [];
      } catch (error) {
        if (error instanceof Problem && error.vod?.code === NO_EVENTS) return [];
        throw error;
      }
    },
    confirmEvents: define('ConfirmEvents'),
  };
}

/** Options of an action that differ from the defaults. */
interface ActionOptions {
  readonly rateLimit?: RateLimit;
  readonly once?: boolean;
  /** Whether it is about all applications, and so names none. */
  readonly ofAccount?: boolean;
  /** Milliseconds. */
  readonly timeLimit?: number;
}

/** Returns the call of an action, with its limit. */
type DefineCall = <Request extends object, Answer>(
  action: string,
  particulars?: ActionOptions,
) => VodCall<Request, Answer>;

function createCaller(config: ApiAddress, dependencies: VodApiDependencies): DefineCall {
  const { endpoint, protocol, region } = config;
  const openClient = (milliseconds: number) =>
    createVendorClient(
      { endpoint, protocol, region, answerSeconds: milliseconds / 1_000 },
      dependencies.readCredentials,
    );
  const usualClient = openClient(ANSWER_MILLISECONDS);
  // A client has one time limit for all its requests, and most instances never need the long one.
  let patientClient: ReturnType<typeof openClient> | undefined;
  const chooseClient = (timeLimit: number) => {
    if (timeLimit <= ANSWER_MILLISECONDS) return usualClient;
    patientClient ??= openClient(timeLimit);
    return patientClient;
  };

  return <Request extends object, Answer>(
    action: string,
    { timeLimit = ANSWER_MILLISECONDS, ofAccount = false, ...particulars }: ActionOptions = {},
  ): VodCall<Request, Answer> => {
    const limit = dependencies.budget?.(action);
    const shared = { timeLimit, rateLimit: limit, onBusy: limit?.slowDown, ...particulars };
    return async (request, options = {}) => {
      // Inside the vendor's client, an error of this would count as a failed request.
      dependencies.readCredentials();
      const subAppId = ofAccount ? undefined : (options.subAppId ?? config.subAppId);
      const client = chooseClient(timeLimit);
      const send = async (signal?: AbortSignal): Promise<Answer> => {
        // Read when it is sent: until then, more may be added to it.
        const parameters = { ...request, ...defined({ SubAppId: subAppId }) };
        return client.request(action, parameters, defined({ signal }));
      };
      const answer = await callVod({ ...shared, send }, dependencies, options);
      if (hasReadableLists(answer)) return answer;
      throw unreadable(`to ${action} could not be read`);
    };
  };
}

/** The names of VOD's lists end in `Set`, and an empty list may be `null`. */
function hasReadableLists(answer: unknown): boolean {
  return Object.entries(Object(answer)).every(
    ([name, list]) =>
      !name.endsWith('Set') ||
      list === undefined ||
      list === null ||
      (Array.isArray(list) && !list.includes(null)),
  );
}

function describeAccepted({ TaskId, RequestId }: PullUploadResponse): PullUploadOutcome {
  if (!TaskId) {
    throw unreadable('to PullUpload names no task');
  }
  return { kind: 'accepted', taskId: TaskId, requestId: RequestId ?? '' };
}

function unreadable(what: string): Problem {
  return new Problem(`VOD's answer ${what}.`, { code: 'upstream_failed' });
}
