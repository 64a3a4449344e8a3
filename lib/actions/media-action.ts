import * as v from 'valibot';
import type { ClaimedAction } from '../ledger/actions.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Failed, Retry } from '../model/attempt.ts';
import { Problem } from '../problem.ts';
import { nameError } from '../runtime/item-fault.ts';
import type { Deadline } from '../system.ts';
import type { JsonObject } from '../validation/json-object.ts';
import type { VodApi } from '../vod/client.ts';
import type { FetchCover } from './fetch-cover.ts';

const rules = v.array(v.string());

/** What `modify` is to set, each part by the name of ModifyMediaInfo: https://cloud.tencent.com/document/product/266/31762. */
export const modifyDetail = v.object({
  /** Names of the rules that say so; what the upload asked for itself has none. */
  rules,
  parameters: v.object({
    ExpireTime: v.exactOptional(v.string()),
    ClassId: v.exactOptional(v.number()),
    AddTags: v.exactOptional(v.array(v.string())),
  }),
  coverUrl: v.exactOptional(v.string()),
});

/** The task flow that `procedure` is to start: https://cloud.tencent.com/document/product/266/34782. */
export const procedureDetail = v.object({
  rules,
  parameters: v.object({
    ProcedureName: v.string(),
    SessionId: v.string(),
    TasksPriority: v.exactOptional(v.number()),
    TasksNotifyMode: v.exactOptional(v.string()),
    SessionContext: v.exactOptional(v.string()),
  }),
});

/** What `inspect` is to judge a file by that could not be judged when it came, and what it is to describe a good one. */
export const inspectDetail = v.object({
  limits: v.object({
    maxBytes: v.optional(v.number()),
    maxSeconds: v.optional(v.number()),
    mediaTypes: v.optional(v.array(v.string())),
  }),
  fact: v.picklist(['uploaded', 'uploadedForProcessing']),
});

/** {@link modifyDetail} as it is kept. */
export type ModifyDetail = v.InferOutput<typeof modifyDetail>;

/** {@link procedureDetail} as it is kept. */
export type ProcedureDetail = v.InferOutput<typeof procedureDetail>;

/** {@link inspectDetail} as it is kept. */
export type InspectDetail = v.InferOutput<typeof inspectDetail>;

/** Dependencies of a media action. */
export interface ActionDependencies {
  readonly api: Pick<
    VodApi,
    | 'deleteMedia'
    | 'describeMediaInfos'
    | 'describeTasks'
    | 'modifyMediaInfo'
    | 'processMediaByProcedure'
  >;
  /** Where there is none, nothing is known of the upload. */
  readonly ledger: Pick<Ledger, 'findUpload' | 'listActions' | 'transition'> | undefined;
  readonly fetchCover: FetchCover;
  /**
   * Keeps how far the action has come, for another try of it; returns whether it is still this one's to do. Where there
   * is none, nothing is known of earlier tries.
   */
  readonly keepProgress?: (progress: JsonObject) => Promise<boolean>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** When it has to end. */
  readonly deadline: Deadline;
}

/** What is to be done, whether or not a ledger keeps it. */
export type DueAction = Pick<
  ClaimedAction,
  'fileId' | 'kind' | 'subAppId' | 'uploadId' | 'detail' | 'createdAt'
> &
  Partial<Pick<ClaimedAction, 'attempt' | 'progress'>>;

/**
 * Returns what a failed call to VOD means for what it was to do: what VOD refuses for what it says will be refused
 * again, whatever else goes wrong may be over the next time.
 */
export function explainFailure(error: unknown): Retry | Failed {
  const kind = isRefused(error) ? 'failed' : 'retry';
  return { kind, error: nameError(error), cause: error };
}

/** Returns whether a call failed because there is no such media any more. */
export function isGone(error: unknown): boolean {
  // `UserNotExist`, of the same family, is about the account: https://cloud.tencent.com/document/product/266/31764.
  return isRejected(error) && error.vod?.code.split('.', 1)[0] === 'ResourceNotFound';
}

/** Of limits of the account there may be more tomorrow, of those of a media not: https://cloud.tencent.com/document/product/266/31762. */
const LIMITS_OF_MEDIA: readonly unknown[] = ['LimitExceeded.TagCountReachMax'];

function isRefused(error: unknown): boolean {
  return (
    isRejected(error) || (error instanceof Problem && LIMITS_OF_MEDIA.includes(error.vod?.code))
  );
}

function isRejected(error: unknown): error is Problem {
  return error instanceof Problem && error.code === 'upstream_rejected';
}
