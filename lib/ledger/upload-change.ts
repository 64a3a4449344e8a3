import { deriveUploadId } from '../uploads/upload-id.ts';
import {
  advanceUpload,
  UPLOAD_FACTS,
  UPLOAD_STATES,
  type UploadFact,
  type UploadMethod,
} from '../uploads/upload-state.ts';
import { MEDIA_COLUMNS, MEDIA_FIELDS, type MediaFields, writeTime } from './upload-row.ts';

/** Something told of one upload, and what became known with it. */
export interface UploadChange {
  /** The upload itself where its id is known; otherwise the one that this file belongs to, or its own. */
  readonly key: { readonly uploadId: string } | { readonly fileId: string };
  readonly fact: UploadFact;
  readonly method?: UploadMethod | undefined;
  /** Whose it is; said once, it stays. */
  readonly owner?: string | undefined;
  /** What is given replaces what was known. */
  readonly fields?: MediaFields | undefined;
}

/** A change as a row of `jsonb_to_recordset`. */
export type ChangeRow = Readonly<Record<string, unknown>>;

/** No owner's name can have a NUL in this database, so no idempotency key leads to the upload of a file. */
const NOBODY = '\0';

/** Answers the upload id of a file that came without an envelope. */
export function deriveFileUploadId(fileId: string): string {
  return deriveUploadId(NOBODY, fileId);
}

/** Answers `change` as {@link UPSERTS} takes it. */
export function writeChange({ key, fact, method, owner, fields }: UploadChange): ChangeRow {
  const row: Record<string, unknown> = { fact, method, owner };
  for (const field of MEDIA_FIELDS) {
    const value = fields?.[field];
    const [column, kind] = MEDIA_COLUMNS[field];
    if (value === undefined) continue;
    row[column] = kind === 'timestamptz' ? writeTime(Number(value)) : value;
  }
  if ('uploadId' in key) return { ...row, upload_id: key.uploadId, key: key.uploadId };
  const { fileId } = key;
  return { ...row, upload_id: deriveFileUploadId(fileId), file_id: fileId, key: fileId };
}

/** For each fact, the next state of each state: how the database knows what {@link advanceUpload} would answer. */
const NEXT_STATE = JSON.stringify(
  Object.fromEntries(
    UPLOAD_FACTS.map((fact) => [
      fact,
      Object.fromEntries(UPLOAD_STATES.map((state) => [state, advanceUpload(state, fact)])),
    ]),
  ),
);

const COLUMNS = MEDIA_FIELDS.map((field) => MEDIA_COLUMNS[field][0]);

/** Columns of a change, as `jsonb_to_recordset` is to read {@link writeChange}. */
export const CHANGE_COLUMNS = [
  ...['key text', 'upload_id text', 'fact text', 'method text', 'owner text'],
  ...MEDIA_FIELDS.map((field) => MEDIA_COLUMNS[field].join(' ')),
].join(', ');

/** Makes an upload of each row of `change`, at the time `$2`. */
export const INSERT_UPLOADS = `insert into uploads as u
  (upload_id, method, state, last_fact, owner, created_at, updated_at, ${COLUMNS.join(', ')})
  select c.upload_id, coalesce(c.method, 'other'), '${NEXT_STATE}'::jsonb -> c.fact ->> 'issued', c.fact,
    c.owner, $2::timestamptz, $2::timestamptz, ${COLUMNS.map((column) => `c.${column}`).join(', ')}
  from change c`;

const UPDATE = `update set
  state = '${NEXT_STATE}'::jsonb -> excluded.last_fact ->> u.state,
  last_fact = excluded.last_fact,
  method = case when excluded.method = 'other' then u.method else excluded.method end,
  owner = coalesce(u.owner, excluded.owner),
  updated_at = greatest(u.updated_at, excluded.updated_at),
  expires_at = greatest(u.expires_at, excluded.expires_at),
  ${COLUMNS.filter((column) => column !== 'expires_at')
    .map((column) => `${column} = coalesce(excluded.${column}, u.${column})`)
    .join(', ')}`;

/** Which uploads the changes of one statement name: each kind costs its share, also where there is none of it. */
export interface ChangeKinds {
  readonly byUpload: boolean;
  readonly byFile: boolean;
}

const BY_UPLOAD = `by_upload as (${INSERT_UPLOADS} where c.key = c.upload_id order by c.key
    on conflict (upload_id) do ${UPDATE}
    where u.file_id is null or excluded.file_id is null or u.file_id = excluded.file_id
    returning u.*)`;

const BY_FILE = `by_file as (${INSERT_UPLOADS} where c.key = c.file_id order by c.key
    on conflict (file_id) do ${UPDATE}
    returning u.*)`;

/**
 * Answers the parts of a `with` that apply the changes of its part `change` at the time `$2`, and answer as `changed`
 * the uploads with their `key`. Rows are locked in the order of their keys, so that two of these never wait for each
 * other.
 *
 * An upload has one file: what is told of a second one changes nothing, and is not in `changed`.
 */
export function writeUpserts({ byUpload, byFile }: ChangeKinds): string {
  const changed = [
    ...(byUpload ? ['select upload_id as key, * from by_upload'] : []),
    ...(byFile ? ['select file_id as key, * from by_file'] : []),
  ].join(' union all ');
  const upserts = [...(byUpload ? [BY_UPLOAD] : []), ...(byFile ? [BY_FILE] : [])];
  return [...upserts, `changed as (${changed})`].join(',\n  ');
}

/** {@link writeUpserts} for changes that all name their upload. */
export const UPSERTS = writeUpserts({ byUpload: true, byFile: false });
