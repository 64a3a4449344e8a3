import type { JsonObject } from '../validation/json-object.ts';
import type { Connection } from './connection.ts';
import { cleanText, writeJson } from './json-text.ts';
import { type Parameters, query, type Row } from './query.ts';
import { readTime, writeTime } from './upload-row.ts';

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

/** What becomes of an action that failed: another try at a time, Unix milliseconds, or none. */
type ActionFailure = { readonly error: string } & (
  | { readonly nextAttemptAt: number }
  | { readonly dead: true }
);

/** What is to be done to media; what ends a claim returns whether it still held. */
export interface ActionLedger {
  /** Returns up to `count` actions, longest due first; each is nobody else's until its lease runs out. */
  claimActions(count: number, leaseSeconds: number): Promise<readonly ClaimedAction[]>;
  /** Keeps how far an action has come, for the next try of it. */
  keepActionProgress(claim: Claim, progress: JsonObject): Promise<boolean>;
  finishAction(claim: Claim): Promise<boolean>;
  failAction(claim: Claim, failure: ActionFailure): Promise<boolean>;
  /** Makes a dead action due at once. */
  replayAction(action: Pick<NewMediaAction, 'fileId' | 'kind'>): Promise<void>;
}

const CLAIM = `with due as (
    select file_id, kind from media_actions where state = 'pending' and next_attempt_at <= $1::timestamptz
    order by next_attempt_at limit $2 for update skip locked
  )
  update media_actions a set attempts = attempts + 1, next_attempt_at = $3, updated_at = $1::timestamptz
  from due where a.file_id = due.file_id and a.kind = due.kind
  returning a.file_id, a.kind, sub_app_id, upload_id, detail, attempts, progress, created_at`;

const KEEP_PROGRESS = `update media_actions set progress = $4::text::jsonb, updated_at = $5
  where file_id = $1 and kind = $2 and attempts = $3 and state = 'pending' returning file_id`;

// Settled once more by the same claim, it stays as it is: the answer to the first time may have been lost.
const SETTLE = `update media_actions
  set state = $4, next_attempt_at = coalesce($5, next_attempt_at), last_error = $6, updated_at = $7
  where file_id = $1 and kind = $2 and attempts = $3 and state in ('pending', $4) returning file_id`;

const REPLAY = `update media_actions
  set state = 'pending', attempts = 0, last_error = null, created_at = $3, next_attempt_at = $3, updated_at = $3
  where file_id = $1 and kind = $2 and state = 'dead'`;

/** Returns the part of the ledger that keeps what is to be done to media. */
export function createActionLedger(connection: Connection, now: () => number): ActionLedger {
  const settle = async (
    { fileId, kind, attempt }: Claim,
    ...outcome: readonly [state: string, nextAttemptAt: string | null, error: string | null]
  ) => {
    const parameters: Parameters = [fileId, kind, attempt, ...outcome, writeTime(now())];
    return (await query(connection, SETTLE, parameters)).length > 0;
  };
  return {
    async claimActions(count, leaseSeconds) {
      const at = now();
      const until = writeTime(at + leaseSeconds * 1_000);
      return (await query(connection, CLAIM, [writeTime(at), count, until])).map(readClaimed);
    },
    async keepActionProgress({ fileId, kind, attempt }, progress) {
      const parameters = [fileId, kind, attempt, writeJson(progress), writeTime(now())];
      return (await query(connection, KEEP_PROGRESS, parameters)).length > 0;
    },
    finishAction(claim) {
      return settle(claim, 'done', null, null);
    },
    failAction(claim, failure) {
      const error = cleanText(failure.error);
      return 'dead' in failure
        ? settle(claim, 'dead', null, error)
        : settle(claim, 'pending', writeTime(failure.nextAttemptAt), error);
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
