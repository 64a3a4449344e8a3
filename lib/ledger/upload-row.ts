import type { MediaFields, Upload } from '../model/upload.ts';
import { deriveFileUploadId } from '../model/upload-id.ts';
import {
  advanceUpload,
  isFinished,
  UPLOAD_FACTS,
  UPLOAD_STATES,
  type UploadFact,
  type UploadMethod,
  type UploadState,
} from '../model/upload-state.ts';
import { type Row, readTime, writeTime } from './query.ts';

/** Types of the columns of uploads and events. */
export type Kind = 'text' | 'bigint' | 'double precision' | 'jsonb' | 'timestamptz';

/** Column and type of each field that a change may set. */
const MEDIA_COLUMNS: Readonly<Record<keyof MediaFields, readonly [string, Kind]>> = {
  subAppId: ['sub_app_id', 'bigint'],
  fileId: ['file_id', 'text'],
  taskId: ['task_id', 'text'],
  name: ['name', 'text'],
  mediaUrl: ['media_url', 'text'],
  coverUrl: ['cover_url', 'text'],
  size: ['size', 'bigint'],
  duration: ['duration', 'double precision'],
  storageRegion: ['storage_region', 'text'],
  classId: ['class_id', 'bigint'],
  procedure: ['procedure', 'text'],
  sourceContext: ['source_context', 'text'],
  sessionContext: ['session_context', 'text'],
  limits: ['limits', 'jsonb'],
  problem: ['problem', 'jsonb'],
  mediaExpireTime: ['media_expire_time', 'timestamptz'],
  expiresAt: ['expires_at', 'timestamptz'],
};

/** Names of the fields of {@link MEDIA_COLUMNS}. */
const MEDIA_FIELDS = Object.keys(MEDIA_COLUMNS) as readonly (keyof MediaFields)[];

/** The states from which an upload goes on. */
export const UNFINISHED_STATES = UPLOAD_STATES.filter((state) => !isFinished(state));

/** All columns of an upload, for a `select` or a `returning` that {@link readUpload} reads. */
export const UPLOAD_COLUMNS = [
  ...['upload_id', 'method', 'state', 'owner', 'created_at', 'updated_at'],
  ...MEDIA_FIELDS.map((field) => MEDIA_COLUMNS[field][0]),
].join(', ');

/** Returns the upload in `row`; columns without a value are left out. */
export function readUpload(row: Row): Upload {
  const fields = MEDIA_FIELDS.map((field) => [field, row[MEDIA_COLUMNS[field][0]]] as const)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([field, value]) => [field, readValue(MEDIA_COLUMNS[field][1], value)]);
  return {
    uploadId: String(row['upload_id']),
    // Constraints of the table allow only these values.
    method: row['method'] as UploadMethod,
    state: row['state'] as UploadState,
    ...(typeof row['owner'] === 'string' ? { owner: row['owner'] } : {}),
    ...(Object.fromEntries(fields) as MediaFields),
    createdAt: readTime(row['created_at']),
    updatedAt: readTime(row['updated_at']),
  };
}

function readValue(kind: Kind, value: unknown): unknown {
  if (kind === 'timestamptz') return readTime(value);
  // The driver returns these as texts, since they may be too large for a number; sizes of files are not.
  return kind === 'bigint' ? Number(value) : value;
}

/** A fact about one upload, and the fields that became known with it. */
export interface UploadChange {
  /** The id of the upload if it is known; otherwise the file whose upload is meant, or created if there is none. */
  readonly key: { readonly uploadId: string } | { readonly fileId: string };
  readonly fact: UploadFact;
  readonly method?: UploadMethod | undefined;
  /** Its owner; once set, it does not change. */
  readonly owner?: string | undefined;
  /** The given fields replace the known ones. */
  readonly fields?: MediaFields | undefined;
  /** Set if a tenant's application reports it: uploads recorded without an application belong to the service's own. */
  readonly ofTenant?: true | undefined;
}

/** Returns the id of the upload, or of the file, that a change is about. Rows are locked in the order of these ids. */
export function readKey({ key }: UploadChange): string {
  return 'uploadId' in key ? key.uploadId : key.fileId;
}

/** A change as a row of `jsonb_to_recordset`. */
export type ChangeRow = Readonly<Record<string, unknown>>;

/** The state by each fact for an upload that was not known; for a known one, the database continues from its state. */
const FIRST_STATES: ReadonlyMap<UploadFact, UploadState> = new Map(
  UPLOAD_FACTS.map((fact) => [fact, advanceUpload('issued', fact)]),
);

/** Returns `change` in the form for {@link UPSERTS}. */
export function writeChange(change: UploadChange): ChangeRow {
  const { key, fact, method, owner, fields } = change;
  const state = FIRST_STATES.get(fact);
  const row: Record<string, unknown> = { fact, state, method, owner };
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

/** Seconds from a change until VOD is asked about an upload in this state. */
const CHECK_AFTER: Readonly<Partial<Record<UploadState, number>>> = {
  issued: 600,
  uploaded: 600,
  processing: 600,
  ready: 86_400,
  // Its file, if it has one, may be deleted.
  failed: 86_400,
};

/** The results of {@link advanceUpload} for the database: by fact and state, where the state changes. */
const NEXT_STATES = JSON.stringify(
  Object.fromEntries(
    UPLOAD_FACTS.map((fact) => [
      fact,
      Object.fromEntries(
        UPLOAD_STATES.map((state) => [state, advanceUpload(state, fact)]).filter(
          ([state, next]) => state !== next,
        ),
      ),
    ]),
  ),
);

const NEXT_STATE = `coalesce('${NEXT_STATES}'::jsonb -> excluded.last_fact ->> u.state, u.state)`;

const COLUMNS = MEDIA_FIELDS.map((field) => MEDIA_COLUMNS[field][0]);

/** Columns that every change has, even if it does not set them. */
const NEEDED_COLUMNS: ReadonlySet<string> = new Set([
  ...['key', 'upload_id', 'fact', 'state', 'method', 'owner', 'sub_app_id', 'file_id', 'size'],
]);

/** Columns and types of the result of {@link writeChange}. */
export const TYPED_CHANGE: readonly (readonly [column: string, kind: Kind])[] = [
  ...['key', 'upload_id', 'fact', 'state', 'method', 'owner'].map(
    (name) => [name, 'text'] as const,
  ),
  ...MEDIA_FIELDS.map((field) => MEDIA_COLUMNS[field]),
];

/** Returns those of {@link TYPED_CHANGE} that a change sets, and those that every statement reads. */
export function listColumns(change: ChangeRow): typeof TYPED_CHANGE {
  return TYPED_CHANGE.filter(
    ([column]) => NEEDED_COLUMNS.has(column) || (change[column] ?? null) !== null,
  );
}

/** Columns of a change, with which `jsonb_to_recordset` reads the result of {@link writeChange}. */
export const CHANGE_COLUMNS = TYPED_CHANGE.map((column) => column.join(' ')).join(', ');

function writeCheck(state: string): string {
  return `$2::timestamptz + ('${JSON.stringify(CHECK_AFTER)}'::jsonb ->> ${state})::integer * interval '1 second'`;
}

/**
 * Returns the condition that `row` is about no upload that was pruned; two that name different applications are different.
 * It is written so that the planner expects about half of the rows to match.
 */
export function writeNotPruned(row: string, column: 'upload_id' | 'file_id'): string {
  return `not coalesce((
    select true from pruned_uploads p where p.${column} = ${row}.${column}
      and (p.sub_app_id is null or ${row}.sub_app_id is null or p.sub_app_id = ${row}.sub_app_id) limit 1
  ), false)`;
}

function writeInsert(checkAt: string, columns = COLUMNS): string {
  return `insert into uploads as u
  (upload_id, method, state, last_fact, owner, created_at, updated_at, check_at, arrived_at, ${columns.join(', ')})
  select c.upload_id, coalesce(c.method, 'other'), c.state, c.fact, c.owner, $2::timestamptz, $2::timestamptz,
    ${checkAt}, case when c.size is not null then $2::timestamptz end, ${columns.map((column) => `c.${column}`).join(', ')}
  from change c where ${writeNotPruned('c', 'upload_id')} and ${writeNotPruned('c', 'file_id')}`;
}

/** Creates an upload for each row of `change`, at the time `$2`, without a check: VOD does not know it yet. */
export const INSERT_QUEUED = writeInsert('null::timestamptz');

function writeUpdate(columns: readonly string[]): string {
  return `update set
  state = ${NEXT_STATE},
  last_fact = excluded.last_fact,
  method = case when excluded.method = 'other' then u.method else excluded.method end,
  owner = coalesce(u.owner, excluded.owner),
  updated_at = greatest(u.updated_at, excluded.updated_at),
  check_at = ${writeCheck(NEXT_STATE)},
  arrived_at = coalesce(u.arrived_at, excluded.arrived_at),
  ${columns.map((column) => `${column} = ${writeMerged(column)}`).join(', ')}`;
}

function writeMerged(column: string): string {
  return column === 'expires_at'
    ? 'greatest(u.expires_at, excluded.expires_at)'
    : `coalesce(excluded.${column}, u.${column})`;
}

/** How the changes of one statement name their uploads: each kind costs time, even if there is no change of it. */
export interface ChangeKinds {
  readonly byUpload: boolean;
  readonly byFile: boolean;
  /** Whether the application that reports them is a tenant's. */
  readonly ofTenant: boolean;
  /** If there is only one change: the columns that it has in this statement, see {@link listColumns}. */
  readonly only?: readonly string[] | undefined;
}

function writeSameApplication(ofTenant: boolean): string {
  return ofTenant
    ? 'u.sub_app_id = excluded.sub_app_id'
    : '(u.sub_app_id is null or excluded.sub_app_id is null or u.sub_app_id = excluded.sub_app_id)';
}

/** What is returned of a changed upload: what its announcement and its actions need, and all of it as {@link readUpload} reads it. */
export const CHANGED = `u.upload_id, u.file_id, u.state, u.sub_app_id, u.task_id, jsonb_build_object(${UPLOAD_COLUMNS.split(
  ', ',
)
  .map((column) => `'${column}', u.${column}`)
  .join(', ')}) as upload`;

// An upload has one file and one owner.
const SAME_UPLOAD = `(u.file_id is null or excluded.file_id is null or u.file_id = excluded.file_id)
      and (u.owner is null or excluded.owner is null or u.owner = excluded.owner) and `;

// Only a statement for both kinds has a filter: with a filter the planner expects almost no rows, and so joins what
// follows row by row.
function writeUpsert(name: 'upload_id' | 'file_id', kinds: ChangeKinds): string {
  const { byUpload, byFile, ofTenant, only } = kinds;
  const columns = COLUMNS.filter((column) => only?.includes(column) ?? true);
  const filter = byUpload && byFile ? ` and c.key = c.${name}` : '';
  return `(${writeInsert(writeCheck('c.state'), columns)}${filter} ${only ? '' : 'order by c.key'}
    on conflict (${name}) do ${writeUpdate(columns)}
    where ${name === 'upload_id' ? SAME_UPLOAD : ''}${writeSameApplication(ofTenant)}
    returning ${CHANGED})`;
}

/**
 * Returns the parts of a `with` that apply the changes of its part `change` at the time `$2`, and return the uploads as
 * `changed`, with the columns of {@link CHANGED} and, if there may be several, their `key`. Rows are locked in the order of
 * their keys, so that two such statements never wait for each other.
 *
 * An upload has one file, one owner and one application: a change with a second one has no effect, and is not in
 * `changed`.
 */
export function writeUpserts(kinds: ChangeKinds): string {
  const names = [
    ...(kinds.byUpload ? (['upload_id'] as const) : []),
    ...(kinds.byFile ? (['file_id'] as const) : []),
  ];
  if (kinds.only) return names.map((name) => `changed as ${writeUpsert(name, kinds)}`).join();
  const upserts = names.map((name) => `by_${name} as ${writeUpsert(name, kinds)}`);
  const changed = names.map((name) => `select ${name} as key, * from by_${name}`);
  return [...upserts, `changed as (${changed.join(' union all ')})`].join(',\n  ');
}

/** All changes name the id of their upload. */
export const BY_UPLOAD: ChangeKinds = { byUpload: true, byFile: false, ofTenant: false };

/** {@link writeUpserts} for {@link BY_UPLOAD}. */
export const UPSERTS = writeUpserts(BY_UPLOAD);

/** Returns the id of the event that announces, once, that the upload has reached `state`. */
export function stateEventId(uploadId: string, state: UploadState): string {
  return `evt_${uploadId}_${state}`;
}
