import type { Upload } from '../model/upload.ts';
import { formatIsoTime } from '../validation/iso-time.ts';

/** Fields that are Unix milliseconds in the ledger. */
type Time = 'mediaExpireTime' | 'createdAt' | 'updatedAt' | 'expiresAt';

/** An upload in answers and messages: times are ISO 8601. */
export interface UploadView extends Omit<Upload, Time> {
  /** When VOD deletes the media. */
  readonly mediaExpireTime?: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the permission to upload ends. */
  readonly expiresAt?: string | undefined;
}

/** Returns `upload` in the form for answers and messages; unknown fields are left out. */
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

/** Times that VOD and signatures have in whole seconds are written without a fraction, as in every other answer. */
function formatSeconds(milliseconds: number): string {
  return formatIsoTime(milliseconds / 1_000);
}
