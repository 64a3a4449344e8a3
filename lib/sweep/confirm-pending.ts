import { confirmClaimed } from '../ingest/confirm-claimed.ts';
import { MAX_DESCRIBED_FILES } from '../validation/limits.ts';
import { joinFiles } from '../vod/media.ts';
import type { StepCounts } from './step-counts.ts';
import { forEachInTime, hasTime, type SweepRun } from './sweep-run.ts';

/** Counts of notifications that VOD could not be asked about when they were received. */
export const UNCONFIRMED_COUNTS = [
  'confirmed',
  'denied',
  'retried',
  'givenUp',
  'setAside',
] as const;

const CLAIM_COUNT = 2 * MAX_DESCRIBED_FILES;

/** Longer than all claims of one round take. */
const LEASE_SECONDS = 180;

/**
 * Confirms notifications that VOD could not be asked about when they were received, or that came in a burst: as many at
 * once as one call describes files.
 */
export async function confirmPending(
  sweep: SweepRun,
  counts: StepCounts<(typeof UNCONFIRMED_COUNTS)[number]>,
): Promise<void> {
  const { api } = sweep;
  const run = { ...sweep, api: { ...api, describeMediaInfos: joinFiles(api.describeMediaInfos) } };
  while (hasTime(run)) {
    const claims = await run.ledger.claimConfirmations(CLAIM_COUNT, LEASE_SECONDS);
    if (claims.length === 0) return;
    const left = await forEachInTime(claims, MAX_DESCRIBED_FILES, run, {
      work: (claim) => confirmClaimed(claim, run, counts),
      fail: counts.fail,
    });
    await run.ledger.releaseConfirmations(left);
  }
}
