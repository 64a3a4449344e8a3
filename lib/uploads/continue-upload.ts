import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { UploadLimits } from '../model/source-context.ts';
import { isFinished } from '../model/upload-state.ts';
import { policyDenied } from '../policy/denial.ts';
import { defined } from '../validation/json-object.ts';
import type { SignatureRequest } from '../validation/signature-request.ts';
import { uploadFinished } from './reserve-upload.ts';

/** A request that continues an upload. */
interface ContinuingRequest {
  /** As its caller sent it. */
  readonly asked: SignatureRequest;
  /** Within the bounds of the caller's profile. */
  readonly bounded: SignatureRequest;
}

/**
 * Returns a request for another signature of an upload. What its caller leaves open is as the upload began, whatever the
 * profile says now; limits are never wider than those with which it began. An upload that the ledger does not know is
 * continued as the request says.
 *
 * @throws {Problem} `upload_finished`, `ledger_unavailable`, or `policy_denied` if no media type is left.
 */
export async function continueUpload(
  uploadId: string,
  { asked, bounded }: ContinuingRequest,
  ledger: WithLedger,
): Promise<SignatureRequest> {
  const known = await ledger((each) => each.findUpload(uploadId));
  if (known === undefined) return bounded;
  // Issuing would change the fields of an upload that has ended.
  if (isFinished(known.state)) throw uploadFinished(known.state);

  const { classId, procedure, storageRegion, sessionContext, sourceContext } = known;
  const { mediaExpireTime } = known;
  return {
    ...bounded,
    ...defined({ classId, procedure, storageRegion, sessionContext, sourceContext }),
    ...defined({ mediaExpireTime: mediaExpireTime && mediaExpireTime / 1_000 }),
    ...takeGiven(asked),
    // What the ledger has as limits came from an earlier request.
    ...defined({ limits: tighten(bounded.limits, known.limits as UploadLimits | undefined) }),
  };
}

/** Returns the fields that an upload keeps and its caller gives again; a profile permits or refuses these unchanged. */
function takeGiven(asked: SignatureRequest) {
  const { classId, procedure, storageRegion, sessionContext, sourceContext } = asked;
  const { mediaExpireTime } = asked;
  return defined({
    ...{ classId, procedure, storageRegion, sessionContext, sourceContext, mediaExpireTime },
  });
}

/** Returns the limits that both have, the narrower one of each. */
function tighten(
  limits: SignatureRequest['limits'],
  begun: UploadLimits | undefined,
): SignatureRequest['limits'] {
  if (begun === undefined) return limits;
  return defined({
    maxBytes: least(limits?.maxBytes, begun.maxBytes),
    maxSeconds: least(limits?.maxSeconds, begun.maxSeconds),
    mediaTypes: both(limits?.mediaTypes, begun.mediaTypes),
  });
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function both(
  types: readonly string[] | undefined,
  begun: readonly string[] | undefined,
): string[] | undefined {
  if (types === undefined || begun === undefined) {
    const only = types ?? begun;
    return only && [...only];
  }
  const left = types.filter((type) => begun.includes(type));
  if (left.length > 0) return left;
  const message = `must name a type of those with which the upload began: ${begun.join(', ')}`;
  throw policyDenied([{ path: 'limits.mediaTypes', rule: 'mediaTypes', message }]);
}
