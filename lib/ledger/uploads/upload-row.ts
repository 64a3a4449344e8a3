import type { MediaFields, Upload } from '../../model/upload.ts';
import { deriveFileUploadId } from '../../model/upload-id.ts';
import {
  advanceUpload,
  isFinished,
  UPLOAD_FACTS,
  UPLOAD_STATES,
  type UploadFact,
  type UploadMethod,
  type UploadState,
} from '../../model/upload-state.ts';
import { type Row, readTime, writeTime } from '../query.ts';

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

/** The same as a list. */
const MEDIA = (Object.keys(MEDIA_COLUMNS) as (keyof MediaFields)[]).map((field) => {
  const [column, kind] = MEDIA_COLUMNS[field];
  return { field, column, kind };
});

/** The states from which an upload goes on. */
export const UNFINISHED_STATES = UPLOAD_STATES.filter((state) => !isFinished(state));

/** All columns of an upload, for a `select` or a `returning` that {@link readUpload} reads. */
export const UPLOAD_COLUMNS = [
  ...['upload_id', 'method', 'state', 'owner', 'created_at', 'updated_at'],
  ...MEDIA.map(({ column }) => column),
].join(', ');

/** Returns the upload in `row`; columns without a value are left out. */
export function readUpload(row: Row): Upload {
  const fields: Record<string, unknown> = {};
  for (const { field, column, kind } of MEDIA) {
    const value = row[column];
    if (value !== null && value !== undefined) fields[field] = readValue(kind, value);
  }
  return {
    uploadId: String(row['upload_id']),
    // Only these values are written.
    method: row['method'] as UploadMethod,
    state: row['state'] as UploadState,
    ...(typeof row['owner'] === 'string' ? { owner: row['owner'] } : {}),
    ...(fields as MediaFields),
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

/** Returns `change` in the form for `UPSERTS`. */
export function writeChange(change: UploadChange): ChangeRow {
  const { key, fact, method, owner, fields, ofTenant } = change;
  const state = FIRST_STATES.get(fact);
  const row: Record<string, unknown> = { fact, state, method, owner };
  for (const { field, column, kind } of MEDIA) {
    const value = fields?.[field];
    if (value === undefined) continue;
    row[column] = kind === 'timestamptz' ? writeTime(Number(value)) : value;
  }
  if ('uploadId' in key) return Object.assign(row, { upload_id: key.uploadId, key: key.uploadId });
  const { fileId } = key;
  const uploadId = deriveFileUploadId(fileId, ofTenant && fields?.subAppId);
  return Object.assign(row, { upload_id: uploadId, file_id: fileId, key: fileId });
}

/** The results of {@link advanceUpload} by fact and state, where the state changes. */
export const NEXT_STATES = Object.fromEntries(
  UPLOAD_FACTS.map((fact) => [
    fact,
    Object.fromEntries(
      UPLOAD_STATES.map((state) => [state, advanceUpload(state, fact)]).filter(
        ([state, next]) => state !== next,
      ),
    ),
  ]),
);

const WRITTEN_NEXT_STATES: ReadonlyMap<unknown, string> = new Map(
  Object.entries(NEXT_STATES).map(([fact, states]) => [fact, JSON.stringify(states)]),
);

/** Returns the states that follow from the fact of a change, by those before it, as a JSON text. */
export function writeNextStates({ fact }: ChangeRow): string {
  return WRITTEN_NEXT_STATES.get(fact) ?? '{}';
}

/** Columns and types of the result of {@link writeChange}. */
export const TYPED_CHANGE: readonly (readonly [column: string, kind: Kind])[] = [
  ...['key', 'upload_id', 'fact', 'state', 'method', 'owner'].map(
    (name) => [name, 'text'] as const,
  ),
  ...MEDIA.map(({ column, kind }) => [column, kind] as const),
];

/** Columns of a change, with which `jsonb_to_recordset` reads the result of {@link writeChange}. */
export const CHANGE_COLUMNS = TYPED_CHANGE.map((column) => column.join(' ')).join(', ');

/** Returns the id of the event that announces, once, that the upload has reached `state`. */
export function stateEventId(uploadId: string, state: UploadState): string {
  return `evt_${uploadId}_${state}`;
}
