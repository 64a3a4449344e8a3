import type { JsonObject } from '../validation/json-object.ts';
import type { UploadMethod, UploadState } from './upload-state.ts';

/** What may be known about the media of an upload. */
export interface MediaFields {
  /** Application of VOD that it is in; missing if the configuration names none. Once set, it does not change. */
  readonly subAppId?: number | undefined;
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
  /** The caller's own, without the envelope. */
  readonly sourceContext?: string | undefined;
  readonly sessionContext?: string | undefined;
  readonly limits?: JsonObject | undefined;
  readonly problem?: JsonObject | undefined;
  /** When VOD deletes the media, in Unix milliseconds. */
  readonly mediaExpireTime?: number | undefined;
  /** When the permission to upload ends, in Unix milliseconds. */
  readonly expiresAt?: number | undefined;
}

/** One media file, intended or observed. */
export interface Upload extends MediaFields {
  readonly uploadId: string;
  readonly method: UploadMethod;
  readonly state: UploadState;
  /** Missing if the media came without an envelope. */
  readonly owner?: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Unix milliseconds. */
  readonly updatedAt: number;
}

/** What VOD has found out about a media file; the rest is missing. */
export interface MediaFacts {
  /** File name extension of the uploaded file; the uploader chose it, so it proves nothing. */
  readonly type?: string | undefined;
  /** The actual format of the file, for example `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container?: string | undefined;
  /** In bytes. */
  readonly size?: number | undefined;
  /** In seconds. */
  readonly duration?: number | undefined;
}
