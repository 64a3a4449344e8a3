import type { ClaimedAction } from '../ledger/actions.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { JsonObject } from '../validation/json-object.ts';
import type { VodApi } from '../vod/client.ts';
import type { FetchCover } from './fetch-cover.ts';

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
  /** Milliseconds that are left. */
  readonly remainingMilliseconds: () => number;
}

/** What is to be done, whether or not a ledger keeps it. */
export type DueAction = Pick<
  ClaimedAction,
  'fileId' | 'kind' | 'subAppId' | 'uploadId' | 'detail' | 'createdAt'
> &
  Partial<Pick<ClaimedAction, 'attempt' | 'progress'>>;
