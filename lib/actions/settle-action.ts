import type { ClaimedAction } from '../ledger/actions.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { nameError } from '../runtime/item-fault.ts';
import type { JsonObject } from '../validation/json-object.ts';
import { scheduleRetry } from '../webhooks/retry-schedule.ts';
import { type ActionOutcome, explainFailure } from './action-outcome.ts';
import type { ActionDependencies } from './due-action.ts';
import { performAction } from './perform-action.ts';

/** Dependencies of running a claimed action and recording its outcome. */
export interface SettlingDependencies extends ActionDependencies {
  readonly ledger: Pick<
    Ledger,
    | 'findUpload'
    | 'listActions'
    | 'transition'
    | 'keepActionProgress'
    | 'finishAction'
    | 'failAction'
  >;
  /** A number from 0 up to, and without, 1. */
  readonly random: () => number;
}

/** What has become of a claimed action. */
export type SettledAction =
  | { readonly kind: 'done' }
  /** It comes again; without a `cause` where it only had to wait. */
  | { readonly kind: 'retried'; readonly error: string; readonly cause?: unknown }
  /** It is given up: at once where VOD refuses it for what it says, otherwise after three days. */
  | { readonly kind: 'dead'; readonly error: string; readonly cause: unknown };

/**
 * Makes one try at `claim` and writes down what it came to. A task flow that cannot be started ends its upload, which
 * would wait for it for ever.
 *
 * @throws what the ledger throws where it cannot write that down; then the claim's end brings the action back.
 */
export async function settleAction(
  claim: ClaimedAction,
  dependencies: SettlingDependencies,
): Promise<SettledAction> {
  const { ledger, now, random } = dependencies;
  const keepProgress = (progress: JsonObject) => ledger.keepActionProgress(claim, progress);
  const performed = performAction(claim, { ...dependencies, keepProgress });
  const outcome = await performed.catch(explainFailure);
  if (outcome.kind === 'done') {
    await ledger.finishAction(claim);
    return outcome;
  }
  const { error } = outcome;
  if (outcome.kind === 'wait') {
    await ledger.failAction(claim, { error, nextAttemptAt: now() + outcome.milliseconds });
    return { kind: 'retried', error };
  }
  const pause = outcome.kind === 'dead' ? undefined : schedule(claim, now(), random);
  const { cause } = outcome;
  if (pause !== undefined) {
    await ledger.failAction(claim, { error, nextAttemptAt: now() + pause });
    return { kind: 'retried', error, cause };
  }
  await endUpload(claim, outcome, dependencies);
  await ledger.failAction(claim, { error, dead: true });
  return { kind: 'dead', error, cause };
}

function schedule(
  { attempt, createdAt }: ClaimedAction,
  now: number,
  random: () => number,
): number | undefined {
  return scheduleRetry({ attempts: attempt, ageMilliseconds: now - createdAt }, random);
}

async function endUpload(
  { kind, uploadId, detail }: ClaimedAction,
  { cause }: Extract<ActionOutcome, { readonly cause: unknown }>,
  { ledger }: SettlingDependencies,
): Promise<void> {
  if (kind !== 'procedure' || uploadId === undefined) return;
  const [rule] = [detail?.['rules']].flat();
  const problem = {
    code: 'rule_failed',
    rule,
    detail: `The task flow that the rule "${rule}" asks for could not be started. The file itself is there.`,
    reason: nameError(cause),
  };
  await ledger.transition(uploadId, 'processingFailed', { problem });
}
