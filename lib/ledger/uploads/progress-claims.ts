import { type LedgerDependencies, query, writeTime } from '../query.ts';

/** How far VOD has fetched pulls, and who asks it next. */
export interface ProgressClaimLedger {
  /**
   * Returns VOD's percentages of pulls as far as they are known, and which of them VOD is to be asked about by this caller:
   * those that nobody was asked about within `seconds`.
   */
  claimProgress(
    uploadIds: readonly string[],
    seconds: number,
  ): Promise<
    readonly { readonly uploadId: string; readonly percent?: number; readonly isDue: boolean }[]
  >;
  saveProgress(uploadId: string, percent: number): Promise<void>;
}

// What was asked about a day ago has ended since, or is watched by nobody.
const CLAIM_PROGRESS = `with forgotten as (
    delete from pull_progress where upload_id = any (array(
      select upload_id from pull_progress where asked_at < $2::timestamptz - interval '1 day' order by asked_at limit 50
    ))
  ),
  claimed as (
    insert into pull_progress as p (upload_id, asked_at)
    select id, $2::timestamptz from jsonb_array_elements_text($1::text::jsonb) as id order by id
    on conflict (upload_id) do update set asked_at = $2::timestamptz where p.asked_at < $3::timestamptz
    returning upload_id
  )
  select id as upload_id, (select percent from pull_progress p where p.upload_id = id limit 1) as percent,
    id in (select upload_id from claimed) as is_due
  from jsonb_array_elements_text($1::text::jsonb) as id`;

const SAVE_PROGRESS = 'update pull_progress set percent = $2 where upload_id = $1';

/** Creates the part of the ledger for the progress of pulls. */
export function createProgressClaimLedger({
  connection,
  clock,
}: LedgerDependencies): ProgressClaimLedger {
  return {
    async claimProgress(uploadIds, seconds) {
      if (uploadIds.length === 0) return [];
      const times = [clock.now(), clock.now() - seconds * 1_000].map(writeTime);
      const rows = await query(connection, CLAIM_PROGRESS, [JSON.stringify(uploadIds), ...times]);
      return rows.map((row) => ({
        uploadId: String(row['upload_id']),
        ...(row['percent'] === null ? {} : { percent: Number(row['percent']) }),
        isDue: row['is_due'] === true,
      }));
    },
    async saveProgress(uploadId, percent) {
      await query(connection, SAVE_PROGRESS, [uploadId, percent]);
    },
  };
}
