import { type LedgerDependencies, query } from '../query.ts';

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
