import type { components } from './api.ts';
import type { CallBackend } from './backend.ts';
import { type Problem, VodUploadError } from './problem.ts';
import type { SignatureFields } from './signature-fields.ts';

/** The answer of `POST /signature`. */
type SignatureAnswer = components['schemas']['SignatureAnswer'];

/** Supplies the signatures of one upload. */
export interface Signer {
  /** Of the upload; undefined before the first signature. */
  uploadId: string | undefined;
  /** Returns a new signature each time, for the same upload. */
  sign(signal: AbortSignal): Promise<SignatureAnswer>;
  /** The same, before anything was sent; if the upload cannot be continued, it is the first one of a new upload. */
  signFirst(signal: AbortSignal): Promise<SignatureAnswer & { readonly isContinued: boolean }>;
}

/** Creates a signer that asks the service at `url`. */
export function createSigner(
  call: CallBackend,
  url: string,
  fields: SignatureFields | undefined,
): Signer {
  const signer: Signer = {
    uploadId: undefined,
    async sign(signal) {
      const body = JSON.stringify({ ...fields, uploadId: signer.uploadId });
      const response = await call(url, { method: 'POST', body, signal });
      const answer: SignatureAnswer = await response.json();
      signer.uploadId = answer.uploadId;
      return answer;
    },
    async signFirst(signal) {
      const isContinued = Boolean(signer.uploadId);
      try {
        return { ...(await signer.sign(signal)), isContinued };
      } catch (error) {
        if (!isContinued || !(error instanceof VodUploadError) || !isEnded(error.problem))
          throw error;
        signer.uploadId = undefined;
        return { ...(await signer.sign(signal)), isContinued: false };
      }
    },
  };
  return signer;
}

/** Returns whether an upload cannot be continued, since it has ended, is unknown, or is another caller's. */
export function isEnded({ code, errors = [] }: Problem): boolean {
  return (
    ['upload_finished', 'upload_pruned', 'not_found'].includes(code) ||
    errors.some(({ path }) => path === 'uploadId')
  );
}
