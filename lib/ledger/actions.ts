import type { JsonObject } from '../validation/json-object.ts';
import {
  claimJobs,
  type JobFailure,
  settleJob,
  type TrackedJobTable,
  writeClaim,
  writeHeld,
  writeSettlement,
} from './jobs.ts';
import {
  hasRows,
  type LedgerDependencies,
  query,
  type Row,
  readTime,
  writeJson,
  writeTime,
} from './query.ts';

/** Something that is to be done to a media file, once for ever. */
export interface NewMediaAction {
  readonly fileId: string;
  /** `delete` where the ledger itself asks for it. */
  readonly kind: string;
  /** Application of VOD that the file is in; missing where the configuration names none. */
  readonly subAppId?: number | undefined;
  readonly uploadId?: string | undefined;
  /** What anyone who does it needs to know. */
  readonly detail?: JsonObject | undefined;
}

/** An action whose turn it is, for as long as its lease lasts. */
export interface ClaimedAction extends NewMediaAction {
  /** Counts from 1, and tells this claim from every other one of the same action. */
  readonly attempt: number;
  /** What {@link ActionLedger.keepActionProgress} was given last; missing where nothing was. */
  readonly progress?: JsonObject;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

type Claim = Pick<ClaimedAction, 'fileId' | 'kind' | 'attempt'>;

/** What is to be done to media; what ends a claim returns whether it still held. */
export interface ActionLedger {
  /** Returns up to `count` actions, longest due first; each is nobody else's until its lease runs out. */
  claimActions(count: number, leaseSeconds: number): Promise<readonly ClaimedAction[]>;
  /** Keeps how far an action has come, for the next try of it. */
  keepActionProgress(claim: Claim, progress: JsonObject): Promise<boolean>;
  finishAction(claim: Claim): Promise<boolean>;
  failAction(claim: Claim, failure: JobFailure): Promise<boolean>;
  /** Makes a dead action due at once. */
  replayAction(action: Pick<NewMediaAction, 'fileId' | 'kind'>): Promise<void>;
}

const ACTIONS: TrackedJobTable = {
  name: 'media_actions',
  key: ['file_id', 'kind'],
  condition: "state = 'pending'",
  dueAt: 'next_attempt_at',
  lease: 'attempts = attempts + 1, next_attempt_at = $3, updated_at = $1::timestamptz',
};

const CLAIM = writeClaim(
  ACTIONS,
  'file_id, kind, sub_app_id, upload_id, detail, attempts, progress, created_at',
);

const KEEP_PROGRESS = `update media_actions set progress = $4::text::jsonb, updated_at = $5
  where ${writeHeld(ACTIONS)} and state = 'pending' returning file_id`;

const SETTLE = writeSettlement(ACTIONS);

const REPLAY = `update media_actions
  set state = 'pending', attempts = 0, last_error = null, created_at = $3, next_attempt_at = $3, updated_at = $3
  where file_id = $1 and kind = $2 and state = 'dead'`;

/** Returns the part of the ledger that keeps what is to be done to media. */
export function createActionLedger(dependencies: LedgerDependencies): ActionLedger {
  const { connection, now } = dependencies;
  return {
    async claimActions(count, leaseSeconds) {
      return (await claimJobs(dependencies, CLAIM, leaseSeconds, [count])).map(readClaimed);
    },
    keepActionProgress({ fileId, kind, attempt }, progress) {
      const parameters = [fileId, kind, attempt, writeJson(progress), writeTime(now())];
      return hasRows(connection, KEEP_PROGRESS, parameters);
    },
    finishAction({ fileId, kind, attempt }) {
      return settleJob(dependencies, SETTLE, [fileId, kind, attempt], 'done');
    },
    failAction({ fileId, kind, attempt }, failure) {
      return settleJob(dependencies, SETTLE, [fileId, kind, attempt], failure);
    },
    async replayAction({ fileId, kind }) {
      await query(connection, REPLAY, [fileId, kind, writeTime(now())]);
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
    // Only objects are kept.
    ...(detail === null ? {} : { detail: detail as JsonObject }),
    ...(progress === null ? {} : { progress: progress as JsonObject }),
    attempt: Number(row['attempts']),
    createdAt: readTime(row['created_at']),
  };
}
