import type { JsonObject } from '../validation/json-object.ts';
import type { UploadMethod, UploadState } from './upload-state.ts';

/** What may be known of the media of an upload. */
export interface MediaFields {
  /** Application of VOD that it is in; missing where the configuration names none. Said once, it stays. */
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
  /** Missing where the media came without an envelope. */
  readonly owner?: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Unix milliseconds. */
  readonly updatedAt: number;
}

/** What VOD has found out of a media file; what it has not is missing. */
export interface MediaFacts {
  /** File name extension by which the file came; anybody may have written it. */
  readonly type?: string | undefined;
  /** What the file really is, e.g. `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container?: string | undefined;
  /** In bytes. */
  readonly size?: number | undefined;
  /** In seconds. */
  readonly duration?: number | undefined;
}
