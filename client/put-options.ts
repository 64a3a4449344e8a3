import type { Token } from './backend.ts';
import type { SignatureFields } from './signature-fields.ts';

/**
 * What is uploaded: the path or the `file:` URL of a file, bytes, or a stream. A Buffer is a Uint8Array, and a Readable is an
 * async iterable.
 */
export type PutSource = string | URL | Uint8Array | Blob | AsyncIterable<Uint8Array>;

/** How much of a source was sent. */
export interface PutProgress {
  /** Bytes that were sent, with those of an interrupted run. It does not go back, although some may be sent again. */
  readonly loaded: number;
  /** Undefined for a stream whose size was not given. */
  readonly total: number | undefined;
}

/** The addresses of the functions, where each has its own host. */
export interface PutEndpoints {
  readonly signature: string;
  /** Is told how the upload goes, so that others see it as `progress`; leave it out where the service has no database. */
  readonly uploads?: string;
}

/** How a source is uploaded. */
export interface PutFileOptions {
  /** Address of the service, below which are `/signature` and `/uploads`, or the addresses of these functions. */
  readonly endpoint: string | PutEndpoints;
  /** A token, or an API key. */
  readonly token: Token;
  /** Fields of `POST /signature`. */
  readonly request?: SignatureFields;
  /** Of the media: by default that of the file, without its extension. */
  readonly name?: string;
  /** Such as `mp4`: by default the extension of the file, or of `name`. */
  readonly type?: string;
  /** Path of an image. */
  readonly cover?: string | URL;
  /** Bytes of a stream, where that is known before: a stream of another size is refused. */
  readonly size?: number;
  /**
   * Folder in which the state of the upload is kept, so that the same call continues it after an interruption, and does not
   * upload a finished file again. It is for files alone, and of one owner: a file that another one has uploaded is there already. Without it, an upload that fails leaves nothing.
   */
  readonly stateFolder?: string;
  /** Uploads a file again that an earlier call with this `stateFolder` has uploaded. */
  readonly again?: boolean;
  /** Ends the work when it is aborted; with a `stateFolder` it can be continued. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PutProgress) => void;
  /** Address under which the emulator answers for the cloud's hosts, for tests: `http://localhost:3000/__vod`. */
  readonly cloudUrl?: string;
}

/** The media that an upload has made. */
export interface PutFileResult {
  readonly fileId: string;
  readonly mediaUrl: string;
  readonly coverUrl?: string | undefined;
  readonly uploadId: string;
  /** In bytes. */
  readonly size: number;
  /** CRC-64 (ECMA-182) of the media as storage has it, as an unsigned decimal number. */
  readonly crc64: string;
  /** Whether this call has uploaded it, and not an earlier one with the same `stateFolder`. */
  readonly isNew: boolean;
}
