import type { JsonObject } from '../../validation/json-object.ts';
import {
  hasRows,
  type LedgerDependencies,
  query,
  type Row,
  readTime,
  writeJson,
  writeTime,
} from '../query.ts';
import {
  claimJobs,
  type JobFailure,
  type JobLease,
  releaseJobs,
  settleJob,
  type TrackedJobTable,
  writeClaim,
  writeHeld,
  writeSettlement,
} from './jobs.ts';

/** An action on a media file, which is done only once. */
export interface NewMediaAction {
  readonly fileId: string;
  /** `delete` for the actions that the ledger itself schedules. */
  readonly kind: string;
  /** Application of VOD that the file is in; missing if the configuration names none. */
  readonly subAppId?: number | undefined;
  readonly uploadId?: string | undefined;
  /** Parameters of the action. */
  readonly detail?: JsonObject | undefined;
}

/** An action that is claimed until its lease expires. */
export interface ClaimedAction extends NewMediaAction {
  /** Counts from 1, and identifies this claim among all claims of the same action. */
  readonly attempt: number;
  /** The last value given to {@link ActionLedger.saveActionProgress}; missing if there is none. */
  readonly progress?: JsonObject;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** What a release of the claim needs. */
  readonly lease: JobLease;
}

type Claim = Pick<ClaimedAction, 'fileId' | 'kind' | 'attempt'>;

/** Actions on media. Methods that end a claim return whether it was still valid. */
export interface ActionLedger {
  /** Claims up to `count` actions, longest due first; no one else can claim them until the lease expires. */
  claimActions(count: number, leaseSeconds: number): Promise<readonly ClaimedAction[]>;
  /** Stores the progress of an action for its next attempt. */
  saveActionProgress(claim: Claim, progress: JsonObject): Promise<boolean>;
  finishAction(claim: Claim): Promise<boolean>;
  failAction(claim: Claim, failure: JobFailure): Promise<boolean>;
  /** Releases actions that were not attempted: they are due as before, and nothing is counted. */
  releaseActions(claims: readonly ClaimedAction[]): Promise<void>;
  /** Makes a dead action due immediately. */
  replayAction(action: Pick<NewMediaAction, 'fileId' | 'kind'>): Promise<void>;
}

const ACTIONS: TrackedJobTable = {
  name: 'media_actions',
  key: ['file_id', 'kind'],
  condition: "state = 'pending'",
  dueAt: 'next_attempt_at',
  lease: 'attempts = attempts + 1, next_attempt_at = $2, updated_at = $1::timestamptz',
};

const CLAIMED = 'file_id, kind, sub_app_id, upload_id, detail, attempts, progress, created_at';

const KEEP_PROGRESS = `update media_actions set progress = $4::text::jsonb, updated_at = $5
  where ${writeHeld(ACTIONS)} and state = 'pending' returning file_id`;

const SETTLE = writeSettlement(ACTIONS);

const REPLAY = `update media_actions
  set state = 'pending', attempts = 0, last_error = null, created_at = $3, next_attempt_at = $3, updated_at = $3
  where file_id = $1 and kind = $2 and state = 'dead'`;

/** Creates the part of the ledger for actions on media. */
export function createActionLedger(dependencies: LedgerDependencies): ActionLedger {
  const { connection, clock } = dependencies;
  return {
    async claimActions(count, leaseSeconds) {
      const claim = writeClaim(ACTIONS, CLAIMED, count);
      return (await claimJobs(dependencies, claim, leaseSeconds)).map(readClaimed);
    },
    saveActionProgress({ fileId, kind, attempt }, progress) {
      const parameters = [fileId, kind, attempt, writeJson(progress), writeTime(clock.now())];
      return hasRows(connection, KEEP_PROGRESS, parameters);
    },
    finishAction({ fileId, kind, attempt }) {
      return settleJob(dependencies, SETTLE, [fileId, kind, attempt], 'done');
    },
    failAction({ fileId, kind, attempt }, failure) {
      return settleJob(dependencies, SETTLE, [fileId, kind, attempt], failure);
    },
    releaseActions(claims) {
      const rows = claims.map(({ fileId, kind, attempt, lease }) => ({
        ...{ file_id: fileId, kind, attempts: attempt, ...lease },
      }));
      return releaseJobs(dependencies, ACTIONS, rows);
    },
    async replayAction({ fileId, kind }) {
      await query(connection, REPLAY, [fileId, kind, writeTime(clock.now())]);
    },
  };
}

function readClaimed(row: Row): ClaimedAction {
  const { sub_app_id: subAppId, upload_id: uploadId, detail, progress } = row;
  return {
    fileId: String(row['file_id']),
    kind: String(row['kind']),
    ...(subAppId === null ? {} : { subAppId: Number(subAppId) }),
    ...(typeof uploadId === 'string' ? { uploadId } : {}),
    // Only objects are stored.
    ...(detail === null ? {} : { detail: detail as JsonObject }),
    ...(progress === null ? {} : { progress: progress as JsonObject }),
    attempt: Number(row['attempts']),
    createdAt: readTime(row['created_at']),
    // Made by the statement.
    lease: row['lease'] as JobLease,
  };
}
