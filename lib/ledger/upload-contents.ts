import { MAX_PAGE_ITEMS } from '../validation/limits.ts';
import { type LedgerDependencies, query, writeLimit } from './query.ts';
import type { UploadQuery } from './uploads.ts';

/** What is reported about the file of an upload while it is sent. */
export interface ContentReport {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Bytes that were sent. */
  readonly sent: number;
  /** CRC-64 of the whole file in decimal digits, once it is known. */
  readonly crc64?: string | undefined;
}

/** What callers report about the files of their uploads. */
export interface UploadContentLedger {
  /** Records a report about an upload that exists. What was sent does not become less, unless the file is another one. */
  saveContent(uploadId: string, report: ContentReport): Promise<void>;
  findContent(uploadId: string): Promise<ContentReport | undefined>;
}

const SAVE = `insert into upload_contents as c (upload_id, owner, size, sent, crc64)
  select upload_id, owner, $2::bigint, $3::bigint, $4::text from uploads where upload_id = $1 for key share
  on conflict (upload_id) do update set owner = excluded.owner, size = excluded.size,
    sent = case c.size when excluded.size then greatest(c.sent, excluded.sent) else excluded.sent end,
    crc64 = case c.size when excluded.size then coalesce(excluded.crc64, c.crc64) else excluded.crc64 end`;

const FIND = 'select size, sent, crc64 from upload_contents where upload_id = $1';

/** Creates the part of the ledger for the contents of uploads. */
export function createUploadContentLedger({
  connection,
}: Pick<LedgerDependencies, 'connection'>): UploadContentLedger {
  return {
    async saveContent(uploadId, { size, sent, crc64 }) {
      await query(connection, SAVE, [uploadId, size, sent, crc64 ?? null]);
    },
    async findContent(uploadId) {
      const [row] = await query(connection, FIND, [uploadId]);
      if (row === undefined) return undefined;
      const { crc64 } = row;
      const known = { size: Number(row['size']), sent: Number(row['sent']) };
      return crc64 === null ? known : { ...known, crc64: String(crc64) };
    },
  };
}

/**
 * Returns the uploads of a list of those with a content, as a source in its statement, and adds its parameters. They are few,
 * and are all read before they are sorted.
 */
export function writeSource(
  { content, owner }: Pick<UploadQuery, 'content' | 'owner'>,
  parameters: (string | number)[],
): string {
  const known = { crc64: content?.crc64, size: content?.size, owner };
  const conditions = Object.entries(known).flatMap(([column, value]) =>
    value === undefined ? [] : [`${column} = $${parameters.push(value)}`],
  );
  return `(
      select * from uploads where upload_id = any (array(
        select upload_id from upload_contents where ${conditions.join(' and ')}
        order by crc64, size, owner, upload_id desc ${writeLimit(MAX_PAGE_ITEMS)}
      )) offset 0
    ) uploads`;
}
