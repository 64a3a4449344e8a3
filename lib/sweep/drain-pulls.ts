import { sendQueuedPull } from '../pulls/send-queued-pull.ts';
import { ITEM_PAUSE_MILLISECONDS, nameError } from '../runtime/item-fault.ts';
import { forEachAtOnce } from '../system.ts';
import { failItem } from './fail-item.ts';
import type { StepCounts } from './step-counts.ts';
import { hasTime, type SweepRun } from './sweep-run.ts';

/** Counts of queued pulls. */
export const PULL_COUNTS = ['sent', 'retried', 'refused', 'setAside'] as const;

type PullCounts = StepCounts<(typeof PULL_COUNTS)[number]>;

type ClaimedPull = Awaited<ReturnType<SweepRun['ledger']['claimPulls']>>[number];

/** Least number of concurrent calls; the rate limit decides how many start in a second. */
const MIN_AT_ONCE = 8;

/** The rate is reached with answers that take up to this number of seconds. */
const ANSWER_SECONDS = 0.25;

/** Longer than one claim of pulls takes at any rate. */
const LEASE_SECONDS = 120;

/**
 * Sends queued pulls to VOD until none is due. Sweeps that overlap do this together: each call waits for a moment that
 * the budget of all instances has leased for it, so that no second has more of them than VOD allows.
 *
 * @see ../vod/call-budget.ts
 */
export async function drainPulls(
  run: SweepRun,
  counts: PullCounts,
  { pullsPerSecond }: { readonly pullsPerSecond: number },
): Promise<void> {
  const atOnce = Math.max(MIN_AT_ONCE, Math.ceil(pullsPerSecond * ANSWER_SECONDS));
  const left: ClaimedPull[] = [];
  await forEachAtOnce(claimPulls(run, left, pullsPerSecond), atOnce, (pull) =>
    sendOrSetAside(pull, run, counts).catch(counts.fail),
  );
  for (const pull of left) await run.ledger.retryPull(pull, run.clock.now());
}

/** Returns the due pulls; claimed ones for which there is no time are added to `left`. */
async function* claimPulls(run: SweepRun, left: ClaimedPull[], pullsPerSecond: number) {
  while (hasTime(run)) {
    const count = Math.max(MIN_AT_ONCE, pullsPerSecond);
    const claims = await run.ledger.claimPulls(count, LEASE_SECONDS);
    if (claims.length === 0) return;
    for (const claim of claims) {
      if (hasTime(run)) yield claim;
      else left.push(claim);
    }
  }
}

/** A pull that cannot be sent because of itself finally fails, so that its upload does not wait for it for ever. */
async function sendOrSetAside(pull: ClaimedPull, run: SweepRun, counts: PullCounts): Promise<void> {
  const { ledger, clock } = run;
  try {
    await send(pull, run, counts);
  } catch (error) {
    const { uploadId: id, subAppId } = pull;
    const isDead = await failItem({ kind: 'pull', id, subAppId }, error, run, counts);
    if (isDead) await ledger.failPull(pull, { code: nameError(error), detail: SET_ASIDE });
    else await ledger.retryPull(pull, clock.now() + ITEM_PAUSE_MILLISECONDS);
  }
}

const SET_ASIDE = 'The service could not send this pull to VOD. It may be sent again.';

async function send(
  pull: ClaimedPull,
  { api, ledger, clock, deadline }: SweepRun,
  counts: PullCounts,
): Promise<void> {
  const options = { deadline, subAppId: pull.subAppId };
  const sent = await sendQueuedPull(pull, { api, clock }, options);
  switch (sent.kind) {
    case 'done':
      await ledger.finishPull(pull, sent.taskId);
      counts.add('sent');
      return;
    case 'failed':
      await ledger.failPull(pull, sent.problem);
      counts.add('refused');
      return;
    case 'retry':
      await ledger.retryPull(pull, sent.at);
      counts.add('retried');
  }
}
