import type { Connection } from './connection.ts';
import { type JsonObject, writeJson } from './json-text.ts';
import { CHANGE_COLUMNS, INSERT_UPLOADS, UPSERTS, writeChange } from './upload-change.ts';
import { type MediaFields, writeTime } from './upload-row.ts';

/** A pull that is to wait for its turn. */
export interface QueuedPull {
  readonly uploadId: string;
  readonly owner: string;
  /** Handed back as it is when the pull's turn comes. */
  readonly request: JsonObject;
  /** What its upload shows meanwhile. */
  readonly fields?: MediaFields;
}

/** A queued pull whose turn it is, for as long as its lease lasts. */
interface ClaimedPull {
  readonly pullId: string;
  readonly uploadId: string;
  readonly owner: string;
  readonly request: JsonObject;
  /** Counts from 1, and tells this claim from every other one of the same pull. */
  readonly attempt: number;
}

type Claim = Pick<ClaimedPull, 'pullId' | 'uploadId' | 'attempt'>;

/**
 * The queue of pulls. What ends or renews a claim answers whether it still held; where not, its lease had run out and
 * another has the pull, or had it.
 */
export interface PullLedger {
  /**
   * Issues an upload for each pull and lets it wait. Takes as little memory for a million as for a thousand. A pull
   * whose upload is known is left out, so a list that broke off may be sent again. Answers how many were new.
   */
  enqueuePulls(pulls: Iterable<QueuedPull> | AsyncIterable<QueuedPull>): Promise<number>;
  /** Answers up to `count` pulls, longest due first; each is nobody else's until its lease runs out. */
  claimPulls(count: number, leaseSeconds: number): Promise<readonly ClaimedPull[]>;
  /** Ends a pull that VOD has taken. */
  finishPull(claim: Claim, taskId: string | undefined): Promise<boolean>;
  /** Ends a pull that VOD will not take, and its upload with it. */
  failPull(claim: Claim, problem: JsonObject): Promise<boolean>;
  /** Gives a pull back until `at`, Unix milliseconds. */
  retryPull(claim: Claim, at: number): Promise<boolean>;
}

/** Pulls of one statement: its text is all that is held in memory. */
const BATCH_SIZE = 500;

const ENQUEUE = `with change as (
    select * from jsonb_to_recordset($1::text::jsonb) as c(place integer, request jsonb, ${CHANGE_COLUMNS})
  ),
  issued as (${INSERT_UPLOADS} on conflict (upload_id) do nothing returning upload_id),
  queued as (
    insert into pulls (upload_id, owner, request, next_attempt_at)
    select upload_id, owner, request, $2::timestamptz from change join issued using (upload_id)
    order by place
  )
  select count(*)::integer as count from issued`;

const CLAIM = `with due as (
    select pull_id from pulls where greatest(next_attempt_at, claimed_until) <= $1::timestamptz
    order by greatest(next_attempt_at, claimed_until), pull_id
    limit $2 for update skip locked
  )
  update pulls p set attempts = attempts + 1, claimed_until = $3::timestamptz
  from due where p.pull_id = due.pull_id
  returning p.pull_id as "pullId", upload_id as "uploadId", owner, request, attempts as attempt`;

const FINISH = `with done as (
    delete from pulls where pull_id = $1 and attempts = $2 returning upload_id
  ),
  accepted as (
    update uploads u set task_id = coalesce($3, task_id), updated_at = greatest(updated_at, $4::timestamptz)
    from done where u.upload_id = done.upload_id
  )
  select upload_id from done`;

const FAIL = `with done as (
    delete from pulls where pull_id = $3 and attempts = $4 returning upload_id
  ),
  change as (
    select c.* from jsonb_to_recordset($1::text::jsonb) as c(${CHANGE_COLUMNS}) join done using (upload_id)
  ), ${UPSERTS}
  select upload_id from done`;

const RETRY = `update pulls set next_attempt_at = $3, claimed_until = null
  where pull_id = $1 and attempts = $2 returning pull_id`;

/** Answers the part of the ledger that keeps queued pulls. */
export function createPullLedger(connection: Connection, now: () => number): PullLedger {
  const send = <Row extends object>(statement: string, parameters: Parameters) =>
    connection.run<Row[]>((sql) => sql.unsafe(statement, [...parameters], { prepare: true }));
  const settle = async (statement: string, parameters: Parameters) =>
    (await send(statement, parameters)).length > 0;
  const enqueue = async (batch: readonly QueuedPull[]) => {
    const rows = writeJson(batch.map(writePull));
    const [row] = await send<{ count: number }>(ENQUEUE, [rows, writeTime(now())]);
    return row?.count ?? 0;
  };
  return {
    async enqueuePulls(pulls) {
      let count = 0;
      let batch: QueuedPull[] = [];
      for await (const pull of pulls) {
        batch.push(pull);
        if (batch.length < BATCH_SIZE) continue;
        count += await enqueue(batch);
        batch = [];
      }
      return batch.length === 0 ? count : count + (await enqueue(batch));
    },
    claimPulls(count, leaseSeconds) {
      const at = now();
      return send<ClaimedPull>(CLAIM, [writeTime(at), count, writeTime(at + leaseSeconds * 1_000)]);
    },
    finishPull({ pullId, attempt }, taskId) {
      return settle(FINISH, [pullId, attempt, taskId ?? null, writeTime(now())]);
    },
    failPull({ pullId, uploadId, attempt }, problem) {
      const change = writeChange({ key: { uploadId }, fact: 'pullFailed', fields: { problem } });
      return settle(FAIL, [writeJson([change]), writeTime(now()), pullId, attempt]);
    },
    retryPull({ pullId, attempt }, at) {
      return settle(RETRY, [pullId, attempt, writeTime(at)]);
    },
  };
}

type Parameters = readonly (string | number | null)[];

function writePull({ uploadId, owner, request, fields }: QueuedPull, place: number): JsonObject {
  const change = writeChange({ key: { uploadId }, fact: 'issued', method: 'pull', owner, fields });
  return { ...change, place, request };
}
