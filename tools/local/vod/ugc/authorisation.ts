import { secondsOf, type UgcDependencies } from './dependencies.ts';
import { refusal, UgcRefusal } from './refusals.ts';
import { type UploadSignature, verifyUploadSignature } from './upload-signature.ts';

/** Answers what the signature of a request says; throws {@link UgcRefusal} where it is not good. */
export function authorise(ugc: UgcDependencies, signature: string): UploadSignature {
  const verdict = verifyUploadSignature(signature, ugc.account, secondsOf(ugc.now));
  if ('code' in verdict) throw new UgcRefusal(verdict);
  return verdict;
}

/** The same for the steps after Prepare, whose failure the vendor's SDK would hide: here a fault may strike. */
export function authoriseStep(ugc: UgcDependencies, signature: string): UploadSignature {
  const verdict = authorise(ugc, signature);
  if (ugc.faults.take('expired-signature') !== undefined) {
    throw refusal('signature expired', 'the stand-in was told to take this one for expired');
  }
  return verdict;
}
