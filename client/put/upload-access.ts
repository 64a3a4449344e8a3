import type { StorageGrant } from './credentials.ts';

/** What VOD is told about a media before it is uploaded. */
export interface MediaDescription {
  readonly name: string;
  /** In lower case, without a dot. */
  readonly type: string;
  /** Bytes; undefined if that is not known yet. */
  readonly size: number | undefined;
  readonly cover:
    | { readonly name: string; readonly type: string; readonly size: number }
    | undefined;
}

/** The session of an upload with VOD. */
export interface UploadSession {
  readonly key: string;
  /** With the number of the account at its end. */
  readonly bucket: string;
  readonly region: string;
  /** Id of the upload in this service; absent with an account's key. */
  readonly uploadId?: string | undefined;
}

/** The beginning of an upload. */
export interface AppliedUpload {
  readonly session: UploadSession;
  readonly grant: StorageGrant;
  /** Without a leading slash. */
  readonly mediaKey: string;
  readonly coverKey: string | undefined;
}

/** The media that VOD has made. */
export interface CommittedMedia {
  readonly fileId: string;
  readonly mediaUrl: string;
  readonly coverUrl: string | undefined;
}

/** A way into VOD. All calls make one attempt, and reject with a `PutError`. */
export interface UploadAccess {
  /** Where uploads go, and who makes them; no secret. */
  readonly target: string;
  /** Returns a function that applies for one upload, which may be called again if it fails. */
  readonly prepare: (media: MediaDescription) => () => Promise<AppliedUpload>;
  /** Rejects with `session_over` if the upload cannot be continued. */
  readonly renew: (session: UploadSession) => Promise<StorageGrant>;
  /** Returns what `commit` needs, and may need again after its answer was lost. */
  readonly permit: (session: UploadSession) => Promise<string>;
  /** May be repeated: the result is the same. */
  readonly commit: (session: UploadSession, permit: string) => Promise<CommittedMedia>;
}
