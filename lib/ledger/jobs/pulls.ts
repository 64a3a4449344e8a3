import type { MediaFields } from '../../model/upload.ts';
import type { JsonObject } from '../../validation/json-object.ts';
import type { LedgerDependencies } from '../query.ts';
import { hasRows, query, type Row, writeJson, writeTime } from '../query.ts';
import {
  ANNOUNCED,
  outboxSql,
  writeChanges,
  writeDeliveries,
  writeTargets,
} from '../uploads/outbox.ts';
import { CHANGE_COLUMNS, stateEventId, writeChange } from '../uploads/upload-row.ts';
import { BY_UPLOAD, CHANGED, INSERT_QUEUED, UPSERTS } from '../uploads/upload-upsert.ts';
import { claimJobs, type JobTable, writeClaim, writeHeld } from './jobs.ts';

/** A pull that is to be queued. */
export interface QueuedPull {
  readonly uploadId: string;
  readonly owner: string;
  /** Returned unchanged when the pull is claimed. */
  readonly request: JsonObject;
  /** Fields of its upload until then. */
  readonly fields?: MediaFields;
}

/** The parameter `$1`: changes of uploads, and their pulls. */
export const QUEUED = `jsonb_to_recordset($1::text::jsonb) as c(place integer, request jsonb, ${CHANGE_COLUMNS})`;

/**
 * Returns the part `run` of a `with`, the run of the pulls that its statement queues, and the condition that it gets any. It
 * is locked: anyone who pauses, resumes or ends it at the same time waits, and then sees these pulls.
 *
 * @param runId SQL of its id, which is null for pulls of no run.
 */
export function writeRun(runId: string) {
  return {
    run: `run as materialized (select paused, state from pull_runs where run_id = ${runId}::text for share)`,
    isOpen: `(${runId}::text is null or (select state from run) is not distinct from 'open')`,
  };
}

/** When a pull is due that is queued at the time `$2`: never, while its run is paused. */
export const QUEUED_DUE_AT =
  "case when (select paused from run) then 'infinity' else $2::timestamptz end";

/** A queued pull that is claimed until its lease expires. */
interface ClaimedPull {
  readonly pullId: string;
  readonly uploadId: string;
  readonly owner: string;
  /** Application of VOD that it is for; missing if the configuration names none. */
  readonly subAppId?: number;
  readonly request: JsonObject;
  /** Counts from 1, and identifies this claim among all claims of the same pull. */
  readonly attempt: number;
}

type Claim = Pick<ClaimedPull, 'pullId' | 'uploadId' | 'attempt'>;

/**
 * The queue of pulls. Methods that end or renew a claim return whether it was still valid; if not, its lease had
 * expired and the pull was claimed again.
 */
export interface PullLedger {
  /**
   * Issues an upload for each pull and queues it. A million pulls need no more memory than a thousand. A pull that is
   * already queued, has a task or has ended is left out, so an interrupted list may be sent again. Returns the number
   * of new uploads.
   *
   * @param runId of the run that they belong to. While it is paused they wait; once it has ended nothing is queued.
   */
  enqueuePulls(
    pulls: Iterable<QueuedPull> | AsyncIterable<QueuedPull>,
    runId?: string,
  ): Promise<number>;
  /** Claims up to `count` pulls, longest due first; no one else can claim them until the lease expires. */
  claimPulls(count: number, leaseSeconds: number): Promise<readonly ClaimedPull[]>;
  /** Ends a pull that VOD has accepted. */
  finishPull(claim: Claim, taskId: string | undefined): Promise<boolean>;
  /** Ends a pull that VOD refuses, together with its upload. */
  failPull(claim: Claim, problem: JsonObject): Promise<boolean>;
  /** Releases a pull, due again at `at` in Unix milliseconds. */
  retryPull(claim: Claim, at: number): Promise<boolean>;
  /** Returns whether the pull of an upload waits for its turn. */
  isQueued(uploadId: string): Promise<boolean>;
}

/** Milliseconds from VOD's acceptance of a pull until VOD is asked for its result. */
const CHECK_MILLISECONDS = 600_000;

/** Pulls per statement; only the text of one statement is held in memory. */
const BATCH_SIZE = 500;

const RUN = writeRun('$5');

const ENQUEUE = `with ${RUN.run},
  change as (select * from ${QUEUED} where ${RUN.isOpen}),
  changed as (${INSERT_QUEUED} on conflict (upload_id) do nothing returning ${CHANGED}),
  unsent as (
    select upload_id from uploads
    where upload_id = any (array(select upload_id from change)) and state = 'issued' and task_id is null
    order by upload_id for update
  ),
  queued as (
    insert into pulls (upload_id, owner, request, next_attempt_at)
    select upload_id, c.owner, request, ${QUEUED_DUE_AT} from change c
    join (select upload_id from changed union all select upload_id from unsent) w using (upload_id)
    order by place
    on conflict (upload_id) do nothing
  ),
  ${ANNOUNCED},
  delivery as (
    ${writeDeliveries('select event_id, event_type from announced', '$2::timestamptz', '$4')}
  )
  select count(*)::integer as count from changed`;

// The first attempt may have taken effect although its answer was lost; its announcements are then found by the
// recorder's name.
const ISSUED = `select count(*)::integer as count from events
  where event_id = any (array(select jsonb_array_elements_text($1::text::jsonb))) and recorded_by = $2`;

const PULLS: JobTable = {
  name: 'pulls',
  key: ['pull_id'],
  dueAt: 'greatest(next_attempt_at, claimed_until)',
  tieBreaker: 'pull_id',
  lease: 'attempts = attempts + 1, claimed_until = $2::timestamptz',
};

const CLAIMED = `pull_id, upload_id, owner, request, attempts,
    (select sub_app_id from uploads u where u.upload_id = pulls.upload_id) as sub_app_id`;

// If the first attempt took effect although its answer was lost, the upload already has its task.
const FINISH = `with done as (
    delete from pulls where ${writeHeld(PULLS)} returning upload_id
  ),
  accepted as (
    update uploads u set task_id = coalesce($3, task_id), updated_at = greatest(updated_at, $4::timestamptz),
      check_at = case state when 'issued' then $5::timestamptz else check_at end
    from done where u.upload_id = done.upload_id
  )
  select upload_id from done
  union all
  select upload_id from uploads where upload_id = $6 and task_id = $3`;

const FAIL = `with done as (
    delete from pulls where ${writeHeld(PULLS, 5)} returning upload_id
  ),
  change as (
    select c.* from jsonb_to_recordset($1::text::jsonb) as c(${CHANGE_COLUMNS}) join done using (upload_id)
  ), ${UPSERTS},
  ${outboxSql(BY_UPLOAD)}
  select upload_id from done
  union all
  select upload_id from events where event_id = $7 and recorded_by = $3`;

// One that waits until its run is resumed stays at infinity.
const RETRY = `update pulls set next_attempt_at = greatest(next_attempt_at, $3), claimed_until = null
  where ${writeHeld(PULLS)} returning pull_id`;

const IS_QUEUED = 'select from pulls where upload_id = $1';

/** Creates the part of the ledger for queued pulls. */
export function createPullLedger(dependencies: LedgerDependencies): PullLedger {
  const { connection, clock, random } = dependencies;
  return {
    async enqueuePulls(pulls, runId) {
      let count = 0;
      let batch: QueuedPull[] = [];
      for await (const pull of pulls) {
        batch.push(pull);
        if (batch.length < BATCH_SIZE) continue;
        count += await enqueue(batch, runId, dependencies);
        batch = [];
      }
      return batch.length === 0 ? count : count + (await enqueue(batch, runId, dependencies));
    },
    async claimPulls(count, leaseSeconds) {
      return (await claimJobs(dependencies, writeClaim(PULLS, CLAIMED, count), leaseSeconds)).map(
        readClaimed,
      );
    },
    finishPull({ pullId, uploadId, attempt }, taskId) {
      const at = clock.now();
      const times = [writeTime(at), writeTime(at + CHECK_MILLISECONDS)];
      return hasRows(connection, FINISH, [pullId, attempt, taskId ?? null, ...times, uploadId]);
    },
    failPull({ pullId, uploadId, attempt }, problem) {
      const change = { key: { uploadId }, fact: 'pullFailed', fields: { problem } } as const;
      const changes = writeChanges([change], random.key(), dependencies);
      const announced = stateEventId(uploadId, 'failed');
      return hasRows(connection, FAIL, [...changes, pullId, attempt, announced]);
    },
    retryPull({ pullId, attempt }, at) {
      return hasRows(connection, RETRY, [pullId, attempt, writeTime(at)]);
    },
    isQueued: (uploadId) => hasRows(connection, IS_QUEUED, [uploadId]),
  };
}

async function enqueue(
  batch: readonly QueuedPull[],
  runId: string | undefined,
  { connection, clock, random, targets }: LedgerDependencies,
): Promise<number> {
  const recorder = random.key();
  const known = targets === undefined ? null : writeTargets(targets);
  const parameters = [writeJson(batch.map(writePull)), writeTime(clock.now()), recorder, known];
  const [row] = await query(connection, ENQUEUE, [...parameters, runId ?? null]);
  const count = Number(row?.['count']);
  if (count > 0) return count;
  const announced = batch.map(({ uploadId }) => stateEventId(uploadId, 'issued'));
  const [own] = await query(connection, ISSUED, [JSON.stringify(announced), recorder]);
  return Number(own?.['count']);
}

function writePull({ uploadId, owner, request, fields }: QueuedPull, place: number): JsonObject {
  const change = writeChange({ key: { uploadId }, fact: 'issued', method: 'pull', owner, fields });
  return { ...change, place, request };
}

function readClaimed(row: Row): ClaimedPull {
  return {
    pullId: String(row['pull_id']),
    uploadId: String(row['upload_id']),
    owner: String(row['owner']),
    ...(row['sub_app_id'] === null ? {} : { subAppId: Number(row['sub_app_id']) }),
    // Only objects are stored.
    request: row['request'] as JsonObject,
    attempt: Number(row['attempts']),
  };
}
