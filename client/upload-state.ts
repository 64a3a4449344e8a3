import type { components } from './api.ts';
import type { Problem } from './problem.ts';

/** An upload as the service knows it. */
export type UploadRecord = components['schemas']['Upload'];

/** It waits until fewer others are sent. */
export interface Waiting {
  readonly name: 'waiting';
}

/** The file is looked at, and a place for it is asked for. */
export interface Preparing {
  readonly name: 'preparing';
}

/** Its bytes are on their way to VOD. */
export interface Uploading {
  readonly name: 'uploading';
  /** Bytes that were sent. It does not go back, although what a pause interrupts is sent again. */
  readonly loaded: number;
  readonly total: number;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
  /** Undefined while it cannot be estimated. */
  readonly remainingSeconds: number | undefined;
}

/** Nothing is sent until `resume()`. */
export interface Paused {
  readonly name: 'paused';
  readonly loaded: number;
  readonly total: number;
}

/** VOD has the file; its notification, and its task flow if there is one, are awaited. */
export interface Processing {
  readonly name: 'processing';
  /** Id of the file in VOD. */
  readonly fileId: string | undefined;
  /** The upload as the service knows it; undefined until it was asked. */
  readonly upload: UploadRecord | undefined;
}

/** The file is there, and its processing and checks are complete. */
export interface Ready {
  readonly name: 'ready';
  readonly fileId: string | undefined;
  readonly upload: UploadRecord;
}

/** It did not become what it should. */
export interface Failed {
  readonly name: 'failed';
  readonly problem: Problem;
  /** Whether `resume()` may help, for example after a new sign-in; what was sent is not sent again. */
  readonly canResume: boolean;
}

/** It was given up: the service removes what came of its file. */
export interface Cancelled {
  readonly name: 'cancelled';
}

/** Its signal was aborted. Nothing was given up: `resume()`, or an upload of the same file, continues it. */
export interface Stopped {
  readonly name: 'stopped';
}

/** What an upload is doing. */
export type UploadState =
  | Waiting
  | Preparing
  | Uploading
  | Paused
  | Processing
  | Ready
  | Failed
  | Cancelled
  | Stopped;
