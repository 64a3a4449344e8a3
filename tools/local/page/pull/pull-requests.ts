import type { LedgerUpload } from '../stack/ledger-answers.ts';
import type { FieldProblem, Problem } from '../stack/problem.ts';
import type { LocalStack } from '../stack/stack-client.ts';
import { isCorrectable, type PullItem } from './pull.ts';
import { createPullItems } from './pull-items.ts';
import type { PullSettings } from './pull-options.ts';
import type { PullOutcome } from './pull-outcome.ts';
import { buildPulls, sendPulls } from './pull-sending.ts';

/** What was asked for, and what came of asking. */
export interface PullRequests {
  /** Newest request first. */
  items(): readonly PullItem[];
  isBusy(): boolean;
  submit(urls: readonly string[], settings: PullSettings): Promise<void>;
  /** Sends those that there was no time for. */
  sendRest(): Promise<void>;
  remove(items: readonly PullItem[]): void;
  /** Adds pulls of an earlier life of the page, newest first, behind those of this one. */
  restore(uploads: readonly LedgerUpload[]): void;
}

interface Listeners {
  readonly onChange: () => void;
  /** A request has ended: with these errors, and these URLs to be corrected. */
  readonly onAnswer: (errors: readonly FieldProblem[], toCorrect: readonly string[]) => void;
  /** A request has failed as a whole, and these URLs have no row any more. */
  readonly onFailure: (problem: Problem, urls: readonly string[]) => void;
}

/** Returns an empty record, which asks `stack`. */
export function createPullRequests(
  stack: LocalStack,
  { onChange, onAnswer, onFailure }: Listeners,
): PullRequests {
  const rows = createPullItems(onChange);
  let isBusy = false;

  function setBusy(busy: boolean): void {
    isBusy = busy;
    onChange();
  }
  async function send(
    items: readonly PullItem[],
    onWhole: (problem: Problem) => void,
  ): Promise<void> {
    setBusy(true);
    const sending = await sendPulls(
      stack,
      items.map(({ fields }) => fields),
    );
    setBusy(false);
    if ('problem' in sending) return onWhole(sending.problem);
    const { outcomes } = sending;
    rows.settle(items, outcomes);
    onAnswer(outcomes.flatMap(listErrors), listCorrectable(items, outcomes));
  }

  return {
    items: rows.all,
    isBusy: () => isBusy,
    remove: rows.remove,
    restore: rows.restore,
    async submit(urls, settings) {
      const items = rows.add(await buildPulls(urls, settings));
      await send(items, (problem) => {
        rows.remove(items);
        onFailure(problem, urls);
      });
    },
    async sendRest() {
      const rest = rows.all().filter(({ outcome }) => outcome.kind === 'unsent');
      const before = rest.map(({ outcome }) => outcome);
      rows.settle(
        rest,
        rest.map(() => ({ kind: 'sending' })),
      );
      await send(rest, (problem) => {
        rows.settle(rest, before);
        onFailure(problem, []);
      });
    },
  };
}

function listErrors(outcome: PullOutcome): readonly FieldProblem[] {
  return outcome.kind === 'refused' ? outcome.problem.errors : [];
}

function listCorrectable(
  items: readonly PullItem[],
  outcomes: readonly PullOutcome[],
): readonly string[] {
  return items
    .filter((_, place) => isCorrectable(outcomes[place]))
    .map(({ fields }) => fields.mediaUrl);
}
