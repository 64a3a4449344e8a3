import type { MadeFile } from '../made-file.ts';

/** What an upload asks for; each client has its own names for it. */
interface UploadWish {
  readonly classId?: number;
  readonly procedure?: string;
  readonly sessionContext?: string;
  readonly storageRegion?: string;
  readonly sourceContext?: string;
  /** Expiry of the media, ISO 8601, by the client's own option. */
  readonly expireTime?: string;
  /** The same by the signature that the client has; clients without signatures do not have it. */
  readonly mediaExpireTime?: string;
  /** Limit of the file, by the signature. */
  readonly maxBytes?: number;
}

/** Files of a playlist by their paths; the first is the playlist itself. */
export type PlaylistFiles = Readonly<Record<string, string>>;

/** An upload that a client is to make. */
export interface UploadPlan {
  readonly media: MadeFile;
  /** Content of `media` instead of noise. */
  readonly film?: Buffer;
  readonly cover?: MadeFile;
  readonly wish?: UploadWish;
  /** Of the application; by default the account's own. */
  readonly subAppId?: number;
  /** Upload signature to use, instead of those that the `signature` function issues. */
  readonly signature?: string;
  /** Key of a server to use, instead of the account's. */
  readonly secretKey?: string;
  /** To be uploaded instead of `media`. */
  readonly playlist?: PlaylistFiles;
}

/** A finished upload, as its client reports it. */
export interface Uploaded {
  readonly fileId: string;
  readonly mediaUrl: string;
  readonly coverUrl?: string;
  /** Id of this service, of an upload whose signature it issued. */
  readonly uploadId?: string;
}

/** One of the vendor's clients. Files of several MiB are sent in parts of 1 MiB, unless it has `inParts`. */
export interface Client {
  /** A file that the client sends in parts: its bytes, and how many parts these are. */
  readonly inParts?: { readonly bytes: number; readonly parts: number };
  /** Rejects with an error whose message has what the client reports. */
  upload(plan: UploadPlan): Promise<Uploaded>;
  /**
   * Interrupts an upload, as a program that ends does, once three parts are stored; then continues it as the same
   * program does when it runs again. `stored` has the numbers of the parts that were stored before.
   */
  resume?(media: MadeFile): Promise<{ readonly uploaded: Uploaded; readonly stored: number[] }>;
  /** Stores a file of a new upload, with another key of the credentials, or under another key of the storage. */
  store?(change: { readonly secretKey?: string; readonly key?: string }): Promise<void>;
}
