import type { Readable } from 'node:stream';

/** Where an object lives. */
export interface ObjectName {
  /** Full bucket name, `<bucket>-<appid>`. */
  readonly bucket: string;
  /** Key without leading slash. */
  readonly key: string;
}

/** An object as it is stored: the parts stay the files they were uploaded as, so completing one costs nothing. */
export interface StoredObject extends ObjectName {
  readonly size: number;
  /** Quoted, as in the `ETag` header. */
  readonly etag: string;
  readonly contentType: string;
  /** ISO 8601. */
  readonly lastModified: string;
  readonly parts: readonly { readonly file: string; readonly size: number }[];
}

/** A part of an upload that is not completed yet. */
export interface StoredPart {
  readonly partNumber: number;
  readonly size: number;
  /** Quoted MD5 of the part. */
  readonly etag: string;
  readonly lastModified: string;
}

/** A multipart upload that is not completed yet. */
export interface OpenUpload extends ObjectName {
  readonly uploadId: string;
  readonly contentType: string;
  readonly initiated: string;
}

/** The objects of every bucket, on the file system. Nothing is held in memory, so a restart forgets nothing. */
export interface ObjectStore {
  /** Streams `body` into one object; throws and keeps nothing if it ends before `length` bytes. */
  put(name: ObjectName, body: Readable, length: number, contentType: string): Promise<StoredObject>;
  initiate(name: ObjectName, contentType: string): Promise<OpenUpload>;
  findUpload(uploadId: string): Promise<OpenUpload | undefined>;
  listUploads(bucket: string, prefix: string): Promise<readonly OpenUpload[]>;
  /** Streams `body` into a part; throws and keeps nothing if it ends before `length` bytes. */
  putPart(
    uploadId: string,
    partNumber: number,
    body: Readable,
    length: number,
  ): Promise<StoredPart>;
  /** Every stored part, by number. */
  listParts(uploadId: string): Promise<readonly StoredPart[]>;
  /** Makes the named parts, in that order, one object. The caller has checked numbers and ETags. */
  complete(uploadId: string, partNumbers: readonly number[]): Promise<StoredObject>;
  /** The object that a completed upload became, for a client that repeats the request because its answer was lost. */
  findCompleted(uploadId: string): Promise<StoredObject | undefined>;
  abort(uploadId: string): Promise<void>;
  find(name: ObjectName): Promise<StoredObject | undefined>;
  /** Bytes `start` to `end`, both included, across the parts. */
  read(object: StoredObject, start: number, end: number): Readable;
  remove(name: ObjectName): Promise<void>;
}
