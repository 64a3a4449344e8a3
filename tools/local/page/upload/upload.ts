import type { Signal } from '@preact/signals';

/** The state of an upload as a whole. */
export type Phase = 'idle' | 'ready' | 'uploading' | 'paused' | 'done' | 'failed' | 'cancelled';

/** The stages of an upload in their order. */
export const STAGES = ['signature', 'apply', 'upload', 'commit', 'callback', 'procedure'] as const;

/** One of {@link STAGES}. */
export type Stage = (typeof STAGES)[number];

/** A signature from the function, and what the SDK needed it for. */
export interface IssuedSignature {
  readonly signature: string;
  readonly purpose: 'prepare' | 'apply' | 'renew' | 'commit';
}

/** Why an upload ended, and what to do. */
export interface Failure {
  readonly title: string;
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly fields: readonly { readonly path: string; readonly message: string }[];
  /** The SDK still has its session: the next attempt continues instead of starting again. */
  readonly isResumable: boolean;
}

/** The state of the transfer. */
interface Transfer {
  readonly loaded: number;
  /** The maximum of `loaded` so far: parts that a pause interrupts are sent again. */
  readonly reached: number;
  readonly bytesPerSecond: number;
  /** Null while it cannot be estimated. */
  readonly remainingSeconds: number | null;
}

/** The browser's view of the one upload of the page. */
export interface Upload {
  readonly phase: Phase;
  readonly file: File | null;
  readonly cover: File | null;
  /** The tenant that began it; empty if there are no tenants. */
  readonly tenant: string;
  /** The requested processing flow, or an empty string. */
  readonly procedure: string;
  readonly uploadId: string | null;
  readonly signatures: readonly IssuedSignature[];
  /** The result of ApplyUpload: a session, and a storage key in a region. */
  readonly applied: {
    readonly key: string;
    readonly region: string;
    readonly vodSessionKey: string;
  } | null;
  /** Part numbers that were in storage before this run began. */
  readonly kept: ReadonlySet<number>;
  /** When each part was last sent, by part number, in milliseconds since 1970. */
  readonly sent: ReadonlyMap<number, number>;
  readonly transfer: Transfer;
  /** All bytes are in storage. */
  readonly stored: boolean;
  /** Set after VOD has committed the upload. */
  readonly fileId: string | null;
  /** The error of the last attempt, while the SDK continues. */
  readonly setback: string;
  readonly failure: Failure | null;
  /** The upload is cancelled in the ledger, which would have its file removed. */
  readonly isGivenUp: boolean;
}

/** The upload before a file is chosen. */
export const NO_UPLOAD: Upload = {
  phase: 'idle',
  file: null,
  cover: null,
  tenant: '',
  procedure: '',
  uploadId: null,
  signatures: [],
  applied: null,
  kept: new Set(),
  sent: new Map(),
  transfer: { loaded: 0, reached: 0, bytesPerSecond: 0, remainingSeconds: null },
  stored: false,
  fileId: null,
  setback: '',
  failure: null,
  isGivenUp: false,
};

const MEBIBYTE = 1_048_576;
const PART_BYTES = 8 * MEBIBYTE;
const MAX_PARTS = 10_000;

/** Returns the size of the SDK's parts of a file: 8 MiB, or more if there would be too many parts. */
export function partBytes(fileBytes: number): number {
  let bytes = PART_BYTES;
  while (fileBytes / bytes > MAX_PARTS) bytes *= 2;
  return bytes;
}

/** Returns the number of the SDK's parts of a file. */
export function countParts(fileBytes: number): number {
  return Math.max(1, Math.ceil(fileBytes / partBytes(fileBytes)));
}

/** Returns whether the SDK is working on the upload. */
export function isRunning(upload: Upload): boolean {
  return upload.phase === 'uploading' || upload.phase === 'paused';
}

/** Changes some members of the upload. */
export function amend(upload: Signal<Upload>, change: Partial<Upload>): void {
  upload.value = { ...upload.peek(), ...change };
}
