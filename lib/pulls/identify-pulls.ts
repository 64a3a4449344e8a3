import type { KeyedRequest, RememberedRequest } from '../ledger/idempotency-keys.ts';
import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Upload } from '../model/upload.ts';
import { createUploadId, UPLOAD_ID_RANDOM_RANGE } from '../model/upload-id.ts';
import type { AuthorizedPull } from './authorize-pulls.ts';
import { fingerprintPull } from './pull-fingerprint.ts';
import { type PullJob, toPullJob } from './pull-upload.ts';
import type { PullSending } from './submit-pull.ts';

/** Dependencies of submitting with a ledger. */
export interface DurablePullDependencies extends PullSending {
  readonly ledger: WithLedger;
}

/** A pull in the form in which it is kept, under an id that is its own if nothing is known of it. */
export interface PreparedPull extends AuthorizedPull {
  readonly kept: PullJob;
}

/** What the ledger knows of a pull: nothing yet, its upload, or that its key stands for another one. */
export type IdentifiedPull =
  | { readonly kind: 'new'; readonly kept: PullJob }
  /** Without `upload` where anyone who brought it first has not come further, and perhaps never will. */
  | { readonly kind: 'known'; readonly kept: PullJob; readonly upload: Upload | undefined }
  | { readonly kind: 'conflict' };

/** @throws {Problem} `invalid_request` where the contexts do not fit. */
export function preparePull(
  pull: AuthorizedPull,
  { contextKey, ownSubAppId, now, random, randomKey }: Omit<DurablePullDependencies, 'ledger'>,
): PreparedPull {
  // Nobody continues a pull, so its id need not tell whose it is.
  const uploadId = createUploadId(pull.owner, randomKey(), now(), random(UPLOAD_ID_RANDOM_RANGE));
  const { owner, subAppId = ownSubAppId, request } = pull;
  return { ...pull, kept: toPullJob(uploadId, { owner, subAppId, request }, contextKey) };
}

/**
 * Returns what the ledger knows of each pull, and makes it remember those with a key: they are known from then on,
 * in every instance. A pull that VOD refused is forgotten, so that it may be sent again.
 */
export async function identifyPulls(
  pulls: readonly PreparedPull[],
  dependencies: Pick<DurablePullDependencies, 'ledger' | 'contextKey'>,
): Promise<readonly IdentifiedPull[]> {
  const keyed = new Map(
    pulls.flatMap((pull) => {
      const request = toKeyedRequest(pull);
      return request === undefined ? [] : [[pull, request] as const];
    }),
  );
  const answers = await dependencies.ledger((each) => each.rememberRequests([...keyed.values()]));
  const remembered = new Map([...keyed.keys()].map((pull, place) => [pull, answers[place]]));
  return Promise.all(
    pulls.map((pull) => {
      const request = keyed.get(pull);
      const answer = remembered.get(pull);
      return request === undefined || answer === undefined
        ? ({ kind: 'new', kept: pull.kept } as const)
        : recognise(pull, request, answer, dependencies);
    }),
  );
}

async function recognise(
  pull: PreparedPull,
  request: KeyedRequest,
  { kind, uploadId }: RememberedRequest,
  dependencies: Pick<DurablePullDependencies, 'ledger' | 'contextKey'>,
): Promise<IdentifiedPull> {
  if (kind === 'new') return { kind: 'new', kept: pull.kept };
  const { ledger, contextKey } = dependencies;
  const upload = await ledger((each) => each.findUpload(uploadId));
  if (upload !== undefined && wasRefused(upload)) {
    await ledger((each) => each.forgetRequest({ ...request, uploadId }));
    const again = await ledger((each) => each.rememberRequest(request));
    return recognise(pull, request, again, dependencies);
  }
  const { subAppId } = pull.kept.fields;
  // The key was used for another tenant.
  const isOfOther = pull.subAppId !== undefined && upload && upload.subAppId !== subAppId;
  if (kind === 'conflict' || isOfOther) return { kind: 'conflict' };
  return { kind: 'known', kept: toPullJob(uploadId, { ...pull, subAppId }, contextKey), upload };
}

/** Of what VOD has taken, the task is known. */
function wasRefused({ state, taskId }: Upload): boolean {
  return state === 'failed' && taskId === undefined;
}

function toKeyedRequest({
  owner,
  asked,
  idempotencyKey,
  kept,
}: PreparedPull): KeyedRequest | undefined {
  if (idempotencyKey === undefined) return undefined;
  const fingerprint = fingerprintPull(asked);
  return { owner, key: idempotencyKey, fingerprint, uploadId: kept.uploadId };
}
