import { settleAction } from '../actions/settle-action.ts';
import type { ClaimedAction } from '../ledger/jobs/actions.ts';
import { writePair } from '../model/item-name.ts';
import { describeItemFailure, ITEM_PAUSE_MILLISECONDS, nameError } from '../runtime/item-fault.ts';
import { defined } from '../validation/json-object.ts';
import { failItem } from './fail-item.ts';
import type { StepCounts } from './step-counts.ts';
import { forEachInTime, hasTime, type Producers, type SweepRun } from './sweep-run.ts';

/** Counts of actions on media. */
export const ACTION_COUNTS = ['done', 'retried', 'dead', 'setAside'] as const;

const COUNTED = { done: 'done', retry: 'retried', failed: 'dead' } as const;

type ActionCounts = StepCounts<(typeof ACTION_COUNTS)[number]>;

/** Far below the number of calls that VOD accepts in a second: https://cloud.tencent.com/document/product/266/31753. */
const AT_ONCE = 4;
const CLAIM_COUNT = 40;

/** Longer than all claims of one round take. */
const LEASE_SECONDS = 180;

/** Milliseconds to wait if nothing was due. */
const PAUSE_MILLISECONDS = 500;

/** Runs the actions on media that are due, or become due while the other steps run. */
export async function runMediaActions(
  run: SweepRun,
  counts: ActionCounts,
  { isOver, over }: Producers,
): Promise<void> {
  while (hasTime(run)) {
    const last = isOver();
    const claims = await run.ledger.claimActions(CLAIM_COUNT, LEASE_SECONDS);
    const left = await forEachInTime(claims, AT_ONCE, run, {
      work: (claim) => act(claim, run, counts),
      fail: counts.fail,
    });
    await run.ledger.releaseActions(left);
    if (claims.length > 0) continue;
    if (last) return;
    await Promise.race([run.clock.sleep(PAUSE_MILLISECONDS), over]);
  }
}

async function act(claim: ClaimedAction, run: SweepRun, counts: ActionCounts): Promise<void> {
  const { ledger, clock } = run;
  const item = nameAction(claim);
  try {
    const settled = await settleAction(claim, run);
    counts.add(COUNTED[settled.kind]);
    if (settled.kind === 'done') return;
    if (settled.cause !== undefined) counts.fail(settled.cause);
    if (settled.kind === 'failed') await listDead(claim, settled.error, run, counts);
  } catch (error) {
    // Its outcome could not be recorded.
    const isDead = await failItem(item, error, run, counts);
    const end = isDead
      ? { dead: true as const }
      : { nextAttemptAt: clock.now() + ITEM_PAUSE_MILLISECONDS };
    await ledger.failAction(claim, { error: nameError(error), ...end });
  }
}

async function listDead(
  claim: ClaimedAction,
  code: string,
  { ledger, report }: SweepRun,
  counts: ActionCounts,
): Promise<void> {
  const { uploadId, kind } = claim;
  const reason = `An action on a media file failed (${kind}): ${code}.`;
  const failure = { ...nameAction(claim), code, reason };
  const counted = await ledger.countItemFailure(failure, 1);
  if (counted.isNews) counts.add('setAside');
  report({ ...describeItemFailure(failure, counted), ...defined({ uploadId }), level: 'error' });
}

function nameAction({ fileId, kind, subAppId }: ClaimedAction) {
  return { kind: 'action', id: writePair(kind, fileId), subAppId, fileId } as const;
}
