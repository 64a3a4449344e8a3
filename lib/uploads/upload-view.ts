import type { Upload } from '../ledger/upload-row.ts';
import { formatIsoTime } from '../validation/iso-time.ts';
import type { UploadMethod, UploadState } from './upload-state.ts';

/** An upload as callers and consumers see it: times are ISO 8601, and `sourceContext` is the caller's own. */
export interface UploadView {
  readonly uploadId: string;
  readonly method: UploadMethod;
  readonly state: UploadState;
  readonly owner?: string | undefined;
  readonly fileId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly name?: string | undefined;
  readonly mediaUrl?: string | undefined;
  readonly coverUrl?: string | undefined;
  /** In bytes. */
  readonly size?: number | undefined;
  /** In seconds. */
  readonly duration?: number | undefined;
  readonly storageRegion?: string | undefined;
  readonly classId?: number | undefined;
  readonly procedure?: string | undefined;
  readonly sourceContext?: string | undefined;
  readonly sessionContext?: string | undefined;
  readonly limits?: object | undefined;
  readonly problem?: object | undefined;
  /** When VOD deletes the media. */
  readonly mediaExpireTime?: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the permission to upload ends. */
  readonly expiresAt?: string | undefined;
}

/** Answers `upload` for those outside; what is not known is left out. */
export function viewUpload(upload: Upload): UploadView {
  const { createdAt, updatedAt, expiresAt, mediaExpireTime, ...fields } = upload;
  return {
    ...fields,
    ...(mediaExpireTime === undefined ? {} : { mediaExpireTime: formatSeconds(mediaExpireTime) }),
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: formatSeconds(expiresAt) }),
  };
}

/** What VOD and signatures count in whole seconds is written as every other answer writes it. */
function formatSeconds(milliseconds: number): string {
  return formatIsoTime(milliseconds / 1_000);
}
