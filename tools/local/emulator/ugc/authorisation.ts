import type { Applications } from '../account.ts';
import { secondsOf, type UgcDependencies } from './dependencies.ts';
import { refusal, UgcRefusal } from './refusals.ts';
import { type UploadSignature, verifyUploadSignature } from './upload-signature.ts';

/** A valid signature and the services of its application. */
interface Authorised {
  readonly signature: UploadSignature;
  readonly ugc: UgcDependencies;
}

/** Returns the content of a request's signature; throws {@link UgcRefusal} if it is not valid. */
export function authorise(
  { own, of }: Applications<UgcDependencies>,
  signature: string,
): Authorised {
  // A signature that was made after the clock was moved lives as long as the clock of its signer says.
  const nowFor = (signedSeconds: number) => {
    const ahead = own.clock.aheadAt(new Date(signedSeconds * 1_000));
    return secondsOf(() => new Date(own.now().getTime() - ahead));
  };
  const verdict = verifyUploadSignature(signature, own.account, nowFor);
  if ('code' in verdict) throw new UgcRefusal(verdict);
  return { signature: verdict, ugc: of(verdict.subAppId) };
}

/** The same for the steps after Prepare, with simulated faults; in Prepare, the vendor's SDK would hide a failure. */
export function authoriseStep(
  applications: Applications<UgcDependencies>,
  signature: string,
): Authorised {
  const authorised = authorise(applications, signature);
  if (authorised.ugc.faults.take('expired-signature') !== undefined) {
    throw refusal('signature expired', 'the emulator was asked to treat this one as expired');
  }
  return authorised;
}
