import type { MediaFields, Upload } from '../model/upload.ts';
import type { UploadMethod, UploadState } from '../model/upload-state.ts';
import { type Row, readTime } from './query.ts';

type Kind = 'text' | 'bigint' | 'double precision' | 'jsonb' | 'timestamptz';

/** Column and type of each field that a change may set. */
export const MEDIA_COLUMNS: Readonly<Record<keyof MediaFields, readonly [string, Kind]>> = {
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
export const MEDIA_FIELDS = Object.keys(MEDIA_COLUMNS) as readonly (keyof MediaFields)[];

/** All columns of an upload, for a `select` or a `returning` that {@link readUpload} reads. */
export const UPLOAD_COLUMNS = [
  ...['upload_id', 'method', 'state', 'owner', 'created_at', 'updated_at'],
  ...MEDIA_FIELDS.map((field) => MEDIA_COLUMNS[field][0]),
].join(', ');

/** Returns what `row` says; columns without a value are left out. */
export function readUpload(row: Row): Upload {
  const fields = MEDIA_FIELDS.map((field) => [field, row[MEDIA_COLUMNS[field][0]]] as const)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([field, value]) => [field, readValue(MEDIA_COLUMNS[field][1], value)]);
  return {
    uploadId: String(row['upload_id']),
    // Constraints of the table hold both to these words.
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
  // The driver keeps these as texts, since they may exceed what a number holds; sizes of files do not.
  return kind === 'bigint' ? Number(value) : value;
}
