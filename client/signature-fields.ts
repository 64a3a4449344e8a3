import type { components } from './api.ts';

/** What a file must keep. The service rejects one that does not, after it was uploaded. */
export interface UploadLimits {
  readonly maxBytes?: number;
  readonly maxSeconds?: number;
  /** File name extensions in lower case. */
  readonly mediaTypes?: readonly string[];
}

/** The fields of `POST /signature` that an app may set. */
export interface SignatureFields
  extends Omit<components['schemas']['SignatureRequest'], 'uploadId' | 'limits'> {
  readonly limits?: UploadLimits;
}
