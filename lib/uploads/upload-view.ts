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
    createdAt: formatMilliseconds(createdAt),
    updatedAt: formatMilliseconds(updatedAt),
    ...(expiresAt === undefined ? {} : { expiresAt: formatSeconds(expiresAt) }),
  };
}

/** Returns a time of the ledger, in Unix milliseconds, in the form for answers and messages. */
export function formatMilliseconds(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Times that VOD and signatures have in whole seconds are written without a fraction, as in every other answer. */
function formatSeconds(milliseconds: number): string {
  return formatIsoTime(milliseconds / 1_000);
}
