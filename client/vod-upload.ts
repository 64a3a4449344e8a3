import { createBackend, type Token } from './backend.ts';
import type { InspectFile } from './check-file.ts';
import { listNotes, type UnfinishedUpload } from './notes.ts';
import type { SdkOptions, SdkSource } from './sdk.ts';
import type { SignatureFields } from './signature-fields.ts';
import { createSlots } from './slots.ts';
import { createUpload, type VodUpload } from './upload.ts';

export type { Token } from './backend.ts';
export type { FileFacts, InspectFile } from './check-file.ts';
export type { UnfinishedUpload } from './notes.ts';
export type { FieldError, Problem, Violation } from './problem.ts';
// biome-ignore lint/performance/noBarrelFile: this is the entry point of a package.
export { VodUploadError } from './problem.ts';
export type { SdkModule, SdkOptions, SdkSource } from './sdk.ts';
export type { SignatureFields, UploadLimits } from './signature-fields.ts';
export type { VodUpload } from './upload.ts';
export type {
  Cancelled,
  Failed,
  Paused,
  Preparing,
  Processing,
  Ready,
  Stopped,
  Uploading,
  UploadRecord,
  UploadState,
  Waiting,
} from './upload-state.ts';

/** The addresses of the functions, where each has its own host. */
export interface Endpoints {
  readonly signature: string;
  /** Leave it out where the service has no database: then nothing is known after a file was sent. */
  readonly uploads?: string;
}

/** How a client reaches the service and VOD. */
export interface VodUploadOptions {
  /** Address of the service, below which are `/signature` and `/uploads`, or the addresses of both. */
  readonly endpoint: string | Endpoints;
  readonly token: Token;
  /** The vendor's SDK, as in `() => import('vod-js-sdk-v6')`. */
  readonly sdk: SdkSource;
  readonly sdkOptions?: SdkOptions;
  /** How many files are sent at the same time: 2 by default. The others wait. */
  readonly concurrency?: number;
  /** Looks into files before they are sent; by default, a media element of the browser reads the duration. */
  readonly inspect?: InspectFile;
}

/** What is wanted of one upload. */
export interface UploadOptions {
  /** Fields of `POST /signature`. */
  readonly request?: SignatureFields;
  /** Cover of the media. */
  readonly cover?: File;
  /** Ends the work when it is aborted. Nothing is given up: an upload of the same file continues it. */
  readonly signal?: AbortSignal;
}

/** Uploads files. */
export interface VodUploadClient {
  /** Begins an upload, or continues the one of the same file that a reload has interrupted. */
  upload(file: File, options?: UploadOptions): VodUpload;
  /** Returns the uploads that a reload has interrupted, latest first, so that a page can ask for their files again. */
  unfinished(): readonly UnfinishedUpload[];
}

const CONCURRENCY = 2;

/** Creates a client. It loads and asks for nothing before the first upload. */
export function createVodUpload(options: VodUploadOptions): VodUploadClient {
  const { endpoint, token, sdk, sdkOptions, inspect, concurrency = CONCURRENCY } = options;
  const { signature: signatureUrl, uploads: uploadsUrl } = locate(endpoint);
  const call = createBackend(token);
  const acquire = createSlots(concurrency);
  const context = { call, signatureUrl, uploadsUrl, sdk, sdkOptions, inspect, acquire };
  return {
    upload: (file, { request: fields, cover, signal } = {}) =>
      createUpload(context, { file, cover, fields }, signal),
    unfinished: listNotes,
  };
}

function locate(endpoint: string | Endpoints): Endpoints {
  if (typeof endpoint !== 'string') return endpoint;
  const base = endpoint.replace(/\/$/, '');
  return { signature: `${base}/signature`, uploads: `${base}/uploads` };
}
