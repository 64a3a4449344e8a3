import { ProblemError } from '../stack/problem.ts';
import type { LocalStack, SignatureFields } from '../stack/stack-client.ts';

/** Supplies the SDK with signatures for one upload. */
export interface Signer {
  sign(): Promise<{ signature: string; uploadId: string }>;
}

/** What the signatures are for. */
export interface SignerContext {
  readonly stack: LocalStack;
  /** Empty if there are no tenants. */
  readonly tenant: string;
  readonly fields: SignatureFields;
  /** The upload to continue, or null for a new one. */
  readonly uploadId: string | null;
}

/**
 * Returns a signer that sends the upload's id from its second signature on, or from the first if `uploadId` is known.
 */
export function createSigner({ stack, tenant, fields, uploadId }: SignerContext): Signer {
  let known = uploadId;

  async function request(): Promise<{ signature: string; uploadId: string }> {
    const answer = await stack.requestSignature(
      known === null ? fields : { ...fields, uploadId: known },
      tenant,
    );
    known = answer.uploadId;
    return answer;
  }

  let isFirst = true;
  return {
    async sign() {
      const mayForget = isFirst && known !== null;
      isFirst = false;
      try {
        return await request();
      } catch (error) {
        if (!(mayForget && isAboutUploadId(error))) throw error;
        known = null;
        return request();
      }
    },
  };
}

/** An upload from yesterday may have expired; then this is a new one. */
function isAboutUploadId(error: unknown): boolean {
  if (!(error instanceof ProblemError)) return false;
  const { status, errors } = error.problem;
  return status === 404 || status === 409 || errors.some(({ path }) => path === 'uploadId');
}
