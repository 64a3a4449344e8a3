import * as v from 'valibot';
import type { ClaimedAction } from '../ledger/jobs/actions.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Failed, Retry } from '../model/attempt.ts';
import { Problem } from '../problem.ts';
import { nameError } from '../runtime/item-fault.ts';
import type { Clock, Deadline } from '../system.ts';
import type { JsonObject } from '../validation/json-object.ts';
import type { VodApi } from '../vod/client.ts';
import type { FetchCover } from './fetch-cover.ts';

const rules = v.array(v.string());

/** What `modify` sets, under the names of ModifyMediaInfo: https://cloud.tencent.com/document/product/266/31762. */
export const modifyDetail = v.object({
  /** Names of the rules that require it; what the upload itself requested has none. */
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

/** Limits by which `inspect` judges a file that could not be judged on arrival, and the fact for a good one. */
export const inspectDetail = v.object({
  limits: v.object({
    maxBytes: v.optional(v.number()),
    maxSeconds: v.optional(v.number()),
    mediaTypes: v.optional(v.array(v.string())),
  }),
  fact: v.picklist(['uploaded', 'uploadedForProcessing']),
});

/** {@link modifyDetail} as it is stored. */
export type ModifyDetail = v.InferOutput<typeof modifyDetail>;

/** {@link procedureDetail} as it is stored. */
export type ProcedureDetail = v.InferOutput<typeof procedureDetail>;

/** {@link inspectDetail} as it is stored. */
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
  /** Without it, nothing is known about the upload. */
  readonly ledger:
    | Pick<Ledger, 'findUpload' | 'timeline' | 'transition' | 'updateFields'>
    | undefined;
  readonly fetchCover: FetchCover;
  /**
   * Stores the progress of the action for another attempt; returns whether the claim is still valid. Without it,
   * nothing is known about earlier attempts.
   */
  readonly saveProgress?: (progress: JsonObject) => Promise<boolean>;
  readonly clock: Pick<Clock, 'now'>;
  /** When the action has to end. */
  readonly deadline: Deadline;
}

/** An action to be done, whether a ledger stores it or not. */
export type DueAction = Pick<
  ClaimedAction,
  'fileId' | 'kind' | 'subAppId' | 'uploadId' | 'detail' | 'createdAt'
> &
  Partial<Pick<ClaimedAction, 'attempt' | 'progress'>>;

/**
 * Returns the outcome of an action whose call to VOD failed. If VOD refused the content of the call, it will refuse it
 * again; any other failure may be resolved by the next attempt.
 */
export function explainFailure(error: unknown): Retry | Failed {
  const kind = isRefused(error) ? 'failed' : 'retry';
  return { kind, error: nameError(error), cause: error };
}

/** Returns whether a call failed because the media no longer exist. */
export function isGone(error: unknown): boolean {
  // `UserNotExist`, of the same family, is about the account: https://cloud.tencent.com/document/product/266/31764.
  return isRejected(error) && error.vod?.code.split('.', 1)[0] === 'ResourceNotFound';
}

/**
 * Limits of one media file, which do not change; limits of the account may be raised or reset:
 * https://cloud.tencent.com/document/product/266/31762.
 */
const LIMITS_OF_MEDIA: readonly unknown[] = ['LimitExceeded.TagCountReachMax'];

function isRefused(error: unknown): boolean {
  return (
    isRejected(error) || (error instanceof Problem && LIMITS_OF_MEDIA.includes(error.vod?.code))
  );
}

function isRejected(error: unknown): error is Problem {
  return error instanceof Problem && error.code === 'upstream_rejected';
}
