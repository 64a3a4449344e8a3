import type { Upload } from '../model/upload.ts';
import { formatIsoTime } from '../validation/iso-time.ts';

/** What the ledger knows in Unix milliseconds. */
type Time = 'mediaExpireTime' | 'createdAt' | 'updatedAt' | 'expiresAt';

/** An upload as callers and consumers see it: times are ISO 8601. */
export interface UploadView extends Omit<Upload, Time> {
  /** When VOD deletes the media. */
  readonly mediaExpireTime?: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the permission to upload ends. */
  readonly expiresAt?: string | undefined;
}

/** Returns `upload` for those outside; what is not known is left out. */
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
