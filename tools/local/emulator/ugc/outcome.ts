import type { UploadSession } from '../state.ts';

/** What a client upload request came to. */
export interface Outcome {
  /** `data` of the answer's envelope. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly session?: UploadSession;
}
