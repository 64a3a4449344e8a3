import type { Signal } from '@preact/signals';

/** Where an upload stands as a whole. */
export type Phase = 'idle' | 'ready' | 'uploading' | 'paused' | 'done' | 'failed' | 'cancelled';

/** The stages of an upload in their order. */
export const STAGES = ['signature', 'apply', 'upload', 'commit', 'callback', 'procedure'] as const;

/** One of {@link STAGES}. */
export type Stage = (typeof STAGES)[number];

/** A signature as the function issued it, with what the SDK wanted it for. */
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
  /** The SDK still has its session: the next try goes on instead of beginning anew. */
  readonly isResumable: boolean;
}

/** How the transfer goes. */
export interface Transfer {
  readonly loaded: number;
  /** The most that `loaded` has been: what was on its way at a pause is sent again after it. */
  readonly reached: number;
  readonly bytesPerSecond: number;
  /** Null while there is nothing to tell it from. */
  readonly remainingSeconds: number | null;
}

/** The one upload of the page, as far as the browser knows it. */
export interface Upload {
  readonly phase: Phase;
  readonly file: File | null;
  readonly cover: File | null;
  /** The one that it was begun as; empty where there are none. */
  readonly tenant: string;
  /** The processing that was asked for, or an empty string. */
  readonly procedure: string;
  readonly uploadId: string | null;
  readonly signatures: readonly IssuedSignature[];
  /** What Apply opened: a session, and a storage key in a region. */
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
  /** Present once VOD has committed the upload. */
  readonly fileId: string | null;
  /** The error of the newest try, while the SDK goes on trying. */
  readonly setback: string;
  readonly failure: Failure | null;
  /** The ledger has it as cancelled, and would have its file removed. */
  readonly isGivenUp: boolean;
}

/** The page before anything is chosen. */
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

/** Returns how large the parts are that the SDK cuts a file into: 8 MiB, and more only where that makes too many. */
export function partBytes(fileBytes: number): number {
  let bytes = PART_BYTES;
  while (fileBytes / bytes > MAX_PARTS) bytes *= 2;
  return bytes;
}

/** Returns into how many parts the SDK cuts a file. */
export function countParts(fileBytes: number): number {
  return Math.max(1, Math.ceil(fileBytes / partBytes(fileBytes)));
}

/** Tells whether the upload is in the hands of the SDK. */
export function isRunning(upload: Upload): boolean {
  return upload.phase === 'uploading' || upload.phase === 'paused';
}

/** Changes some of what the browser knows of the upload. */
export function amend(upload: Signal<Upload>, change: Partial<Upload>): void {
  upload.value = { ...upload.peek(), ...change };
}
