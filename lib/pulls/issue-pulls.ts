import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Quotas } from '../model/quotas.ts';
import type { Problem } from '../problem.ts';
import { quotaExceeded } from '../uploads/quota-memory.ts';
import type { PullJob } from './pull-upload.ts';

/** Pulls of one owner whose uploads the ledger is to know next; each id once. */
export interface NextPulls {
  /** To be sent at once. */
  readonly sent: readonly PullJob[];
  /** To wait for their turn. */
  readonly waiting: readonly PullJob[];
}

/**
 * Makes the ledger know the uploads of pulls. Returns the problem of each for which a quota has no room, by the id of its
 * upload; of such a one nothing is kept.
 *
 * @param quotas of the owner, where the policy bounds what it may use up.
 */
export async function issuePulls(
  { sent, waiting }: NextPulls,
  quotas: Quotas | undefined,
  ledger: WithLedger,
): Promise<ReadonlyMap<string, Problem>> {
  const pulls = [...sent, ...waiting];
  const [first] = pulls;
  if (quotas !== undefined && first !== undefined) {
    const queued = new Set(waiting);
    const uploads = pulls.map((pull) => ({
      ...describeUpload(pull),
      ...(queued.has(pull) ? { request: pull.request } : {}),
    }));
    const verdicts = await ledger((each) => each.issueWithin(first.owner, quotas, uploads));
    const refused = verdicts.flatMap((verdict, place) =>
      verdict.kind === 'refused'
        ? [[pulls[place]?.uploadId ?? '', quotaExceeded(verdict.quota)] as const]
        : [],
    );
    return new Map(refused);
  }
  if (waiting.length > 0) await ledger((each) => each.enqueuePulls(waiting));
  await ledger((each) => Promise.all(sent.map((pull) => each.saveIssued(describeUpload(pull)))));
  return new Map();
}

function describeUpload({ uploadId, owner, fields }: PullJob) {
  return { uploadId, method: 'pull', owner, fields } as const;
}
