import type { LedgerDependencies } from './query.ts';
import { hasRows, query, readTime, writeTime } from './query.ts';

/** An application about which VOD refuses all calls; times in Unix milliseconds. */
export interface RefusedApplication {
  readonly subAppId: number;
  /** Time of the first of these refusals. */
  readonly refusedAt: number;
  /** Since when it is known that VOD no longer has the application; missing if that is not known. */
  readonly goneAt?: number;
  /** Where ending its uploads continues: a cursor of their list, or an empty text if all have ended. */
  readonly endedTo?: string;
}

/** Applications that VOD does not accept. */
export interface GoneApplicationLedger {
  listRefusedApplications(): Promise<readonly RefusedApplication[]>;
  /** Records the first refusal; returns whether it is that. */
  noteRefusedApplication(subAppId: number): Promise<boolean>;
  /** Removes the record, unless the application is gone. */
  forgetRefusedApplication(subAppId: number): Promise<void>;
  /** Removes the record, even of one that is gone; returns whether there was one. */
  recallApplication(subAppId: number): Promise<boolean>;
  /** Records that VOD no longer has the application; returns whether that is news. */
  markApplicationGone(subAppId: number): Promise<boolean>;
  saveEndedUploads(subAppId: number, endedTo: string): Promise<void>;
}

const LIST = `select sub_app_id, refused_at, gone_at, ended_to from gone_applications order by sub_app_id`;

const NOTE = `insert into gone_applications (sub_app_id, refused_at) values ($1::bigint, $2) on conflict do nothing
  returning sub_app_id`;

const FORGET = 'delete from gone_applications where sub_app_id = $1::bigint and gone_at is null';

const RECALL = 'delete from gone_applications where sub_app_id = $1::bigint returning sub_app_id';

const MARK = `update gone_applications set gone_at = $2
  where sub_app_id = $1::bigint and gone_at is null returning sub_app_id`;

const SAVE = 'update gone_applications set ended_to = $2 where sub_app_id = $1::bigint';

/** Creates the part of the ledger for applications that VOD does not accept. */
export function createGoneApplicationLedger({
  connection,
  clock,
}: LedgerDependencies): GoneApplicationLedger {
  return {
    async listRefusedApplications() {
      const rows = await query(connection, LIST);
      return rows.map((row) => ({
        subAppId: Number(row['sub_app_id']),
        refusedAt: readTime(row['refused_at']),
        ...(row['gone_at'] === null ? {} : { goneAt: readTime(row['gone_at']) }),
        ...(row['ended_to'] === null ? {} : { endedTo: String(row['ended_to']) }),
      }));
    },
    noteRefusedApplication(subAppId) {
      return hasRows(connection, NOTE, [subAppId, writeTime(clock.now())]);
    },
    async forgetRefusedApplication(subAppId) {
      await query(connection, FORGET, [subAppId]);
    },
    recallApplication(subAppId) {
      return hasRows(connection, RECALL, [subAppId]);
    },
    markApplicationGone(subAppId) {
      return hasRows(connection, MARK, [subAppId, writeTime(clock.now())]);
    },
    async saveEndedUploads(subAppId, endedTo) {
      await query(connection, SAVE, [subAppId, endedTo]);
    },
  };
}
