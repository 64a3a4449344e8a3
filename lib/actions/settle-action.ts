import type { ClaimedAction } from '../ledger/jobs/actions.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Attempt } from '../model/attempt.ts';
import { nameError } from '../runtime/item-fault.ts';
import type { Random } from '../system.ts';
import type { JsonObject } from '../validation/json-object.ts';
import { scheduleRetry } from '../webhooks/retry-schedule.ts';
import { type ActionDependencies, explainFailure } from './media-action.ts';
import { performAction } from './perform-action.ts';

/** Dependencies of running a claimed action and recording its outcome. */
export interface SettlingDependencies extends ActionDependencies {
  readonly ledger: Pick<
    Ledger,
    | 'findUpload'
    | 'timeline'
    | 'transition'
    | 'updateFields'
    | 'saveActionProgress'
    | 'finishAction'
    | 'failAction'
  >;
  readonly random: Pick<Random, 'fraction'>;
}

/**
 * Makes one attempt at `claim`, records the outcome, and returns it. The outcome is `failed` if the action is given up:
 * immediately if VOD refuses the content of the call, otherwise after three days. A task flow that cannot be started
 * ends its upload, which would otherwise wait for it for ever.
 *
 * @throws errors of the ledger if the outcome cannot be recorded; then the action is due again when the lease expires.
 */
export async function settleAction(
  claim: ClaimedAction,
  dependencies: SettlingDependencies,
): Promise<Attempt> {
  const { ledger, clock, random } = dependencies;
  const saveProgress = (progress: JsonObject) => ledger.saveActionProgress(claim, progress);
  const performed = performAction(claim, { ...dependencies, saveProgress });
  const outcome = await performed.catch(explainFailure);
  if (outcome.kind === 'done') {
    await ledger.finishAction(claim);
    return outcome;
  }
  const { error, cause } = outcome;
  if (outcome.kind === 'retry') {
    const nextAttemptAt = outcome.at ?? scheduleNext(claim, clock.now(), random);
    if (nextAttemptAt !== undefined) {
      await ledger.failAction(claim, { error, nextAttemptAt });
      return outcome;
    }
  }
  await endUpload(claim, cause, dependencies);
  await ledger.failAction(claim, { error, dead: true });
  return { kind: 'failed', error, cause };
}

function scheduleNext(
  { attempt, createdAt }: ClaimedAction,
  now: number,
  random: Pick<Random, 'fraction'>,
): number | undefined {
  const pause = scheduleRetry({ attempts: attempt, ageMilliseconds: now - createdAt }, random);
  return pause === undefined ? undefined : now + pause;
}

async function endUpload(
  { kind, uploadId, detail }: ClaimedAction,
  cause: unknown,
  { ledger }: SettlingDependencies,
): Promise<void> {
  if (kind !== 'procedure' || uploadId === undefined) return;
  const [rule] = [detail?.['rules']].flat();
  const problem = {
    code: 'rule_failed',
    rule,
    detail: `The task flow that the rule "${rule}" asks for could not be started. The file itself is in VOD.`,
    reason: nameError(cause),
  };
  await ledger.transition(uploadId, 'processingFailed', { problem });
}
