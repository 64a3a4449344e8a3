import { sendQueuedPull } from '../pulls/send-queued-pull.ts';
import { ITEM_PAUSE_MILLISECONDS, nameError } from '../runtime/item-fault.ts';
import { forEachAtOnce } from '../system.ts';
import { createPace } from './create-pace.ts';
import { type DrainTurn, takeDrainTurn } from './drain-turn.ts';
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
 * Sends queued pulls to VOD, as many in a second as this service may, until none is due. Only one sweep does this at a
 * time, since each counts only its own calls.
 */
export async function drainPulls(
  run: SweepRun,
  counts: PullCounts,
  { pullsPerSecond }: { readonly pullsPerSecond: number },
): Promise<void> {
  const turn = await takeDrainTurn(run);
  if (turn === undefined) return;
  const atOnce = Math.max(MIN_AT_ONCE, Math.ceil(pullsPerSecond * ANSWER_SECONDS));
  const left: ClaimedPull[] = [];
  const pulls = claimPulls(run, turn, left, pullsPerSecond);
  const sendOne = (pull: ClaimedPull) => sendOrSetAside(pull, run, turn, counts).catch(counts.fail);
  // The first call takes longest to start, so those after it would arrive together with it.
  const begin = async () => {
    const [first] = hasTime(run) ? await run.ledger.claimPulls(1, LEASE_SECONDS) : [];
    if (first !== undefined) await sendOne(first);
  };
  const drained = begin().then(() => forEachAtOnce(pulls, atOnce, sendOne));
  await Promise.allSettled([drained]);
  // Failed calls were repeated as soon as the rate limit allowed it.
  const { retried, failed } = counts.counts;
  await turn.end(retried + failed === 0);
  for (const pull of left) await run.ledger.retryPull(pull, run.now());
  await drained;
}

/** Returns the due pulls, evenly over each second; claimed ones for which there is no time are added to `left`. */
async function* claimPulls(
  run: SweepRun,
  turn: DrainTurn,
  left: ClaimedPull[],
  pullsPerSecond: number,
) {
  const { ledger } = run;
  const pace = createPace(pullsPerSecond, run);
  const mayGoOn = async () => hasTime(run) && (await turn.keep());
  while (await mayGoOn()) {
    const claims = await ledger.claimPulls(Math.max(MIN_AT_ONCE, pullsPerSecond), LEASE_SECONDS);
    if (claims.length === 0) return;
    for (const claim of claims) {
      if (await mayGoOn()) await pace();
      if (await mayGoOn()) yield claim;
      else left.push(claim);
    }
  }
}

/** A pull that cannot be sent because of itself finally fails, so that its upload does not wait for it for ever. */
async function sendOrSetAside(
  pull: ClaimedPull,
  run: SweepRun,
  turn: DrainTurn,
  counts: PullCounts,
): Promise<void> {
  const { ledger, now } = run;
  try {
    await send(pull, run, turn, counts);
  } catch (error) {
    const { uploadId: id, subAppId } = pull;
    const isDead = await failItem({ kind: 'pull', id, subAppId }, error, run, counts);
    if (isDead) await ledger.failPull(pull, { code: nameError(error), detail: SET_ASIDE });
    else await ledger.retryPull(pull, now() + ITEM_PAUSE_MILLISECONDS);
  }
}

const SET_ASIDE = 'The service could not send this pull to VOD. It may be sent again.';

async function send(
  pull: ClaimedPull,
  { api, ledger, now }: SweepRun,
  turn: DrainTurn,
  counts: PullCounts,
): Promise<void> {
  const { deadline } = turn;
  const options = { deadline, subAppId: pull.subAppId };
  const sent = await sendQueuedPull(pull, { api, now }, options);
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
