import type { Quotas } from '../model/quotas.ts';
import type { UploadState } from '../model/upload-state.ts';
import type { QuotaRefusal } from '../problem.ts';
import type { JsonObject } from '../validation/json-object.ts';
import { QUEUED, QUEUED_DUE_AT, writeRun } from './jobs/pulls.ts';
import type { LedgerDependencies } from './query.ts';
import { cleanText, query, type Row, readTime, writeJson, writeTime } from './query.ts';
import { outboxSql, writeTargets } from './uploads/outbox.ts';
import { explainUnissued } from './uploads/pruned-uploads.ts';
import { writeChange } from './uploads/upload-row.ts';
import { BY_UPLOAD, writeUpserts } from './uploads/upload-upsert.ts';
import type { IssuedUpload } from './uploads/uploads.ts';

/** Result of issuing an upload: its state, or the quota that has no room for it. */
type QuotaVerdict =
  | { readonly kind: 'issued'; readonly state: UploadState }
  | { readonly kind: 'refused'; readonly quota: QuotaRefusal };

/** An upload that is to be issued if there is room for it. */
interface WantedUpload extends IssuedUpload {
  /** Request of a pull that is then queued; returned unchanged when the pull is claimed. */
  readonly request?: JsonObject;
}

/** Issuing of uploads within quotas. */
export interface QuotaLedger {
  /**
   * Issues those of the uploads for which the quotas of `owner` have room, in their order; nothing is recorded about
   * the others. An upload that was issued before uses no quota, so it is always prolonged. No quota is ever exceeded by
   * concurrent calls over any number of connections.
   *
   * @throws {Problem} `upload_pruned` if one of them was pruned.
   * @param uploads all with different ids, of this owner, and for one application.
   * @param runId of the run that they belong to. While it is paused their pulls wait; once it has ended new ones are not
   * issued, and are returned as cancelled.
   */
  issueWithin(
    owner: string,
    quotas: Quotas,
    uploads: readonly WantedUpload[],
    runId?: string,
  ): Promise<readonly QuotaVerdict[]>;
}

// One statement: its lock on the owner ends with it, so other callers never wait for a client's round trip.
const RUN = writeRun('$11');

const UPSERTS = writeUpserts(BY_UPLOAD, { isQueued: 'c.request is not null' });

const ISSUE = `with ${RUN.run},
  verdict as materialized (
    select * from admit_uploads($5, $10, $6::text::jsonb, $2::timestamptz, $7, $8, $9)
  ),
  change as (
    select c.* from ${QUEUED} join verdict v using (upload_id) where v.rule is null and ${RUN.isOpen}
  ), ${UPSERTS},
  queued as (
    insert into pulls (upload_id, owner, request, next_attempt_at)
    select c.upload_id, c.owner, request, ${QUEUED_DUE_AT} from change c join changed u on u.upload_id = c.upload_id
    where request is not null and u.state = 'issued' and u.task_id is null
    order by place
    on conflict (upload_id) do nothing
  ),
  ${outboxSql(BY_UPLOAD)}
  select v.upload_id, rule, used, room_at,
    coalesce(c.state, (select u.state from uploads u where u.upload_id = v.upload_id),
      case when not ${RUN.isOpen} then 'cancelled' end) as state
  from verdict v left join changed c on c.upload_id = v.upload_id`;

/** Creates the part of the ledger that enforces quotas. */
export function createQuotaLedger({
  connection,
  clock,
  random,
  targets,
}: LedgerDependencies): QuotaLedger {
  return {
    async issueWithin(owner, quotas, uploads, runId) {
      if (uploads.length === 0) return [];
      const at = clock.now();
      const { signaturesPerMinute = null, openUploads = null, bytesPerDay = null } = quotas;
      const rows = await query(connection, ISSUE, [
        writeJson(uploads.map(writeWanted)),
        writeTime(at),
        random.key(),
        targets === undefined ? null : writeTargets(targets),
        cleanText(owner),
        writeJson(uploads.map(({ uploadId }) => uploadId)),
        ...[signaturesPerMinute, openUploads, bytesPerDay],
        ...[uploads[0]?.fields?.subAppId ?? null, runId ?? null],
      ]);
      const verdicts = new Map(rows.map((row) => [row['upload_id'], row]));
      for (const { upload_id: uploadId, rule, state } of rows) {
        if (rule === null && state === null)
          throw await explainUnissued(String(uploadId), connection);
      }
      return uploads.map(({ uploadId }) => readVerdict(verdicts.get(uploadId), quotas, at));
    },
  };
}

function writeWanted({ uploadId, request, ...issued }: WantedUpload, place: number): JsonObject {
  return { ...writeChange({ key: { uploadId }, fact: 'issued', ...issued }), place, request };
}

function readVerdict(row: Row | undefined, quotas: Quotas, now: number): QuotaVerdict {
  if (row === undefined) throw new Error('The upload that was asked for has no verdict.');
  // The function in the migration returns no other values.
  const rule = row['rule'] as QuotaRefusal['rule'] | null;
  if (rule === null) return { kind: 'issued', state: row['state'] as UploadState };
  const retryAfter = Math.max(1, Math.ceil((readTime(row['room_at']) - now) / 1_000));
  const used = Number(row['used']);
  return { kind: 'refused', quota: { rule, limit: quotas[rule] ?? used, used, retryAfter } };
}
