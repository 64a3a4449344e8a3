import type { UploadSession } from '../state.ts';

/** The result of a client upload request. */
export interface Outcome {
  /** `data` of the answer. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly session?: UploadSession;
}
