import { scheduleRetry } from '../delivery/retry-schedule.ts';
import type { ClaimedAction } from '../ledger/actions.ts';
import { Problem } from '../problem.ts';
import { forEachInTime, hasTime, type OtherSteps, type SweepRun } from './sweep-run.ts';
import { nameError, type Tally } from './tally.ts';

/** What is counted of what is to be done to media. */
export const ACTION_COUNTS = ['done', 'retried', 'dead'] as const;

type ActionTally = Tally<(typeof ACTION_COUNTS)[number]>;

/** Far below what VOD takes in a second: https://cloud.tencent.com/document/product/266/31753. */
const AT_ONCE = 4;
const CLAIM_COUNT = 40;

/** Longer than all claims of one round take. */
const LEASE_SECONDS = 180;

/** How long nothing is looked for where nothing was due. */
const PAUSE_MILLISECONDS = 500;

/** Does what is due to media, or becomes so while the other steps go on. */
export async function runMediaActions(
  run: SweepRun,
  tally: ActionTally,
  { isOver, over }: OtherSteps,
): Promise<void> {
  while (hasTime(run)) {
    const last = isOver();
    const claims = await run.ledger.claimActions(CLAIM_COUNT, LEASE_SECONDS);
    await forEachInTime(claims, AT_ONCE, run, {
      work: (claim) => act(claim, run, tally),
      fail: tally.fail,
    });
    if (claims.length > 0) continue;
    if (last) return;
    await Promise.race([run.sleep(PAUSE_MILLISECONDS), over]);
  }
}

async function act(claim: ClaimedAction, run: SweepRun, tally: ActionTally): Promise<void> {
  try {
    await perform(claim, run);
  } catch (error) {
    tally.fail(error);
    return putOff(claim, run, tally, nameError(error));
  }
  await run.ledger.actionDone(claim);
  tally.add('done');
}

/** A kind that is not known here may be of another version of this service, and so waits for that. */
async function perform(
  { fileId, kind }: ClaimedAction,
  { api, remainingMilliseconds }: SweepRun,
): Promise<void> {
  if (kind !== 'delete') {
    throw Object.assign(new Error('No such action is known.'), { code: 'unknown_action' });
  }
  try {
    await api.deleteMedia({ FileId: fileId }, { remainingMilliseconds });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** `UserNotExist`, of the same family, is about the account: https://cloud.tencent.com/document/product/266/31764. */
function isGone(error: unknown): boolean {
  if (!(error instanceof Problem) || error.code !== 'upstream_rejected') return false;
  return error.vod?.code.split('.', 1)[0] === 'ResourceNotFound';
}

async function putOff(
  claim: ClaimedAction,
  { ledger, now, random, report }: SweepRun,
  tally: ActionTally,
  error: string,
): Promise<void> {
  const ageMilliseconds = now() - claim.createdAt;
  const pause = scheduleRetry({ attempts: claim.attempt, ageMilliseconds }, random);
  if (pause !== undefined) {
    await ledger.actionFailed(claim, { error, nextAttemptAt: now() + pause });
    tally.add('retried');
    return;
  }
  await ledger.actionFailed(claim, { error, dead: true });
  tally.add('dead');
  const { fileId, uploadId, kind } = claim;
  const reason = `A media file could not be dealt with for three days (${kind}): ${error}.`;
  report({ level: 'error', fileId, ...(uploadId ? { uploadId } : {}), reason });
}
