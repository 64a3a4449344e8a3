import type { MediaFields, Upload } from '../../model/upload.ts';
import type { UploadFact, UploadMethod, UploadState } from '../../model/upload-state.ts';
import { MAX_PAGE_ITEMS } from '../../validation/limits.ts';
import type { Statements } from '../connection/transaction.ts';
import { type Page, type PageQuery, readCursor, takePage } from '../page.ts';
import type { LedgerDependencies } from '../query.ts';
import { query, queryInParts, type Row, writeConstant, writeLimit, writeTime } from '../query.ts';
import { applyMerged } from './merge-uploads.ts';
import { outboxSql, writeChanges } from './outbox.ts';
import { explainUnissued } from './pruned-uploads.ts';
import { CHANGE_COLUMNS, readUpload, UPLOAD_COLUMNS, type UploadChange } from './upload-row.ts';
import { BY_UPLOAD, UPSERTS } from './upload-upsert.ts';

/** An upload that is permitted or requested, and has not arrived yet. */
export interface IssuedUpload {
  readonly uploadId: string;
  readonly method: UploadMethod;
  readonly owner: string;
  readonly fields?: MediaFields;
}

/** Filter of a list of uploads, newest first. */
export interface UploadQuery extends PageQuery {
  readonly owner?: string | undefined;
  /** Application of VOD. */
  readonly subAppId?: number | undefined;
  readonly state?: UploadState | undefined;
  readonly method?: UploadMethod | undefined;
  /** Of which the file was reported to have this size in bytes and CRC-64: of the newest hundred. */
  readonly content?: { readonly size: number; readonly crc64: string } | undefined;
}

/** Uploads in the ledger. */
export interface UploadLedger {
  findUpload(uploadId: string): Promise<Upload | undefined>;
  /**
   * Every upload that exists when the first page is read is returned once, even if others are added in the meantime.
   *
   * @throws {Problem} `invalid_request` if the cursor is not from this list.
   */
  listUploads(criteria: UploadQuery): Promise<Page<Upload>>;
  /**
   * Returns those of these files that have an upload, or that VOD had when their upload was pruned; if an application is
   * given, an upload in that one. Uploads that were recorded before applications were named belong to `own`, the service's
   * own application.
   */
  findFiles(
    fileIds: readonly string[],
    subAppId?: number,
    own?: number,
  ): Promise<readonly string[]>;
  /**
   * Records an upload that is permitted and announces `upload.issued`, both once. Issuing it again prolongs it and
   * replaces the given fields; it never reopens a finished upload.
   *
   * @throws {Problem} `upload_pruned`.
   */
  issueUpload(upload: IssuedUpload): Promise<Upload>;
  /**
   * Changes an upload to the state that follows from `fact`, and does everything that follows from it in the same
   * statement: announces the state in the outbox (an event `upload.<state>` and its deliveries, once), schedules
   * DeleteMedia if the file is unwanted in this state, and removes its queued pull if it no longer waits. Returns the
   * upload as it is then; undefined, without any change, if there is no such upload.
   */
  transition(uploadId: string, fact: UploadFact, fields?: MediaFields): Promise<Upload | undefined>;
  /**
   * Changes fields of an upload, whose state stays as it is. Returns the upload as it is then; undefined if there is no such
   * upload.
   */
  updateFields(uploadId: string, fields: MediaFields): Promise<Upload | undefined>;
  /** The same as {@link UploadLedger.transition} for several that have no new fields, in one statement. Returns those that there are, in any order. */
  transitionAll(uploadIds: readonly string[], fact: UploadFact): Promise<readonly Upload[]>;
}

const HELD_FILES = `file_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))
    and ($2::bigint is null or coalesce(sub_app_id, $3::bigint) = $2::bigint)`;

const FIND_FILES = `select file_id from uploads where ${HELD_FILES}
  union all select file_id from pruned_uploads where removed and has_media and ${HELD_FILES}`;

const FIND = `select ${UPLOAD_COLUMNS} from uploads where upload_id = $1`;

const CHANGES = `select * from jsonb_to_recordset($1::text::jsonb) as c(${CHANGE_COLUMNS})`;

const SAVE = `with change as (${CHANGES}), ${UPSERTS},
  ${outboxSql(BY_UPLOAD)}
  select upload from changed`;

const CHANGE = `with change as (
    ${CHANGES} where exists (select from uploads u where u.upload_id = c.key)
  ),
  ${UPSERTS},
  unqueued as (
    delete from pulls where upload_id = any (array(select upload_id from changed where state <> 'issued'))
  ),
  ${outboxSql(BY_UPLOAD)}
  select upload from changed`;

/** Creates the part of the ledger for uploads. */
export function createUploadLedger(dependencies: LedgerDependencies): UploadLedger {
  const { connection, random } = dependencies;
  const find = async (uploadId: string) => {
    const [row] = await query(connection, FIND, [uploadId]);
    return row && readUpload(row);
  };
  const changeAll = async (statement: string, told: readonly UploadChange[]) => {
    const recorder = random.key();
    const apply = (sql: Statements, changes: readonly UploadChange[]) =>
      sql.unsafe<Row[]>(statement, [...writeChanges(changes, recorder, dependencies)], {
        prepare: true,
      });
    const rows = await connection
      .run((sql) => apply(sql, told))
      .catch((error: unknown) => applyMerged(error, dependencies, told, apply));
    return rows.map((row) => readUpload(Object(row['upload'])));
  };
  const change = async (statement: string, told: UploadChange) =>
    (await changeAll(statement, [told]))[0];
  const transition: UploadLedger['transition'] = async (uploadId, fact, fields) =>
    (await change(CHANGE, { key: { uploadId }, fact, fields })) ?? find(uploadId);
  return {
    findUpload: find,
    async listUploads(criteria) {
      const parameters: (string | number)[] = [criteria.limit + 1];
      const source = criteria.content === undefined ? 'uploads' : writeSource(criteria, parameters);
      const rows = await query(connection, writeList(criteria, source, parameters), parameters);
      const place = ({ createdAt, uploadId }: Upload) => [createdAt, uploadId] as const;
      return takePage(rows.map(readUpload), criteria.limit, place);
    },
    async findFiles(fileIds, subAppId, own) {
      const within = [subAppId ?? null, own ?? null];
      const rows = await queryInParts(connection, FIND_FILES, fileIds, within);
      return rows.map((row) => String(row['file_id']));
    },
    async issueUpload({ uploadId, method, owner, fields }) {
      const issued = { key: { uploadId }, fact: 'issued', method, owner, fields } as const;
      const saved = (await change(SAVE, issued)) ?? (await find(uploadId));
      if (saved === undefined) throw await explainUnissued(uploadId, connection);
      return saved;
    },
    transition,
    // The one fact that never changes the state of an upload that is there.
    updateFields: (uploadId, fields) => transition(uploadId, 'issued', fields),
    async transitionAll(uploadIds, fact) {
      const changes = uploadIds.map((uploadId) => ({ key: { uploadId }, fact }));
      return changes.length === 0 ? [] : changeAll(CHANGE, changes);
    },
  };
}

// The bound of a page is a constant, which the planner needs; the parameter then takes what is asked for.
function writeList(
  { owner, subAppId, state, method, limit, cursor }: UploadQuery,
  source: string,
  parameters: (string | number)[],
): string {
  const conditions: string[] = [];
  if (owner !== undefined) conditions.push(`owner = $${parameters.push(owner)}`);
  for (const [column, value] of Object.entries({ sub_app_id: subAppId, state, method })) {
    if (value !== undefined) conditions.push(`${column} = ${writeConstant(value)}`);
  }
  if (cursor !== undefined) {
    const [time, uploadId = ''] = readCursor(cursor, 2);
    conditions.push(
      `(created_at, upload_id) < ($${parameters.push(writeTime(time))}, $${parameters.push(uploadId)})`,
    );
  }
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  return `select * from (
      select ${UPLOAD_COLUMNS} from ${source} ${where}
      order by created_at desc, upload_id desc ${writeLimit(Math.max(limit, MAX_PAGE_ITEMS) + 1)}
    ) page order by created_at desc, upload_id desc limit $1`;
}

/**
 * Returns the uploads of a list of those with a content, as a source in its statement, and adds its parameters. They are few,
 * and are all read before they are sorted.
 */
function writeSource(
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
