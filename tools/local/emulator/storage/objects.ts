import type { Readable } from 'node:stream';

/** Bucket and key of an object. */
export interface ObjectName {
  /** Full bucket name, `<bucket>-<appid>`. */
  readonly bucket: string;
  /** Key without a leading slash. */
  readonly key: string;
}

/** A stored object. Its parts remain separate files, so completing an upload copies nothing. */
export interface StoredObject extends ObjectName {
  readonly size: number;
  /** Quoted, as in the `ETag` header. */
  readonly etag: string;
  readonly contentType: string;
  /** ISO 8601. */
  readonly lastModified: string;
  /** CRC-64 of all bytes, unsigned decimal; absent if an earlier version stored the object or one of its parts. */
  readonly crc64?: string;
  readonly parts: readonly { readonly file: string; readonly size: number }[];
}

/** A part of an upload that is not completed yet. */
export interface StoredPart {
  readonly partNumber: number;
  readonly size: number;
  /** Quoted MD5 of the part. */
  readonly etag: string;
  /** CRC-64, unsigned decimal; absent if an earlier version stored the part. */
  readonly crc64?: string;
  readonly lastModified: string;
}

/** A multipart upload that is not completed yet. */
export interface OpenUpload extends ObjectName {
  readonly uploadId: string;
  readonly contentType: string;
  readonly initiated: string;
}

/** The objects of all buckets, on the file system. Nothing is only in memory, so a restart loses nothing. */
export interface ObjectStore {
  /**
   * Streams `body` into one object; throws and stores nothing if it does not have `length` bytes. A `length` of undefined
   * is that of the whole body.
   */
  put(
    name: ObjectName,
    body: Readable,
    length: number | undefined,
    contentType: string,
  ): Promise<StoredObject>;
  initiate(name: ObjectName, contentType: string): Promise<OpenUpload>;
  findUpload(uploadId: string): Promise<OpenUpload | undefined>;
  listUploads(bucket: string, prefix: string): Promise<readonly OpenUpload[]>;
  /** Streams `body` into a part; throws and stores nothing if it ends before `length` bytes. */
  putPart(
    uploadId: string,
    partNumber: number,
    body: Readable,
    length: number,
  ): Promise<StoredPart>;
  /** Returns all stored parts, by number. */
  listParts(uploadId: string): Promise<readonly StoredPart[]>;
  /** Joins the named parts, in this order, into one object. The caller has checked numbers and ETags. */
  complete(uploadId: string, partNumbers: readonly number[]): Promise<StoredObject>;
  /**
   * Returns the object of a completed upload, for a client that repeats the request because it did not get the answer.
   */
  findCompleted(uploadId: string): Promise<StoredObject | undefined>;
  abort(uploadId: string): Promise<void>;
  find(name: ObjectName): Promise<StoredObject | undefined>;
  /** Returns the bytes `start` to `end`, both included, across the parts. */
  read(object: StoredObject, start: number, end: number): Readable;
  remove(name: ObjectName): Promise<void>;
}
