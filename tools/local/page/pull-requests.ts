import type { FieldProblem, Problem } from './problem.ts';
import { isCorrectable, type PullItem } from './pull.ts';
import type { PullSettings } from './pull-options.ts';
import type { PullOutcome } from './pull-outcome.ts';
import { buildPulls, sendPulls } from './pull-sending.ts';
import type { LocalStack } from './stack-client.ts';
import { createStore } from './store.ts';

/** What was asked for, and what came of asking. */
export interface PullRequests {
  /** Newest request first. */
  items(): readonly PullItem[];
  isBusy(): boolean;
  submit(urls: readonly string[], settings: PullSettings): Promise<void>;
  /** Sends those that there was no time for. */
  sendRest(): Promise<void>;
  remove(items: readonly PullItem[]): void;
}

interface Listeners {
  readonly onChange: () => void;
  /** A request has ended: with these errors, and these URLs to be corrected. */
  readonly onAnswer: (errors: readonly FieldProblem[], toCorrect: readonly string[]) => void;
  /** A request has failed as a whole, and these URLs have no row any more. */
  readonly onFailure: (problem: Problem, urls: readonly string[]) => void;
}

/** Answers an empty record, which asks `stack`. */
export function createPullRequests(
  stack: LocalStack,
  { onChange, onAnswer, onFailure }: Listeners,
): PullRequests {
  const store = createStore<{ items: readonly PullItem[]; isBusy: boolean }>(
    { items: [], isBusy: false },
    onChange,
  );
  let lastId = 0;

  function remove(items: readonly PullItem[]): void {
    const ids = new Set(items.map(({ id }) => id));
    store.update({ items: store.get().items.filter(({ id }) => !ids.has(id)) });
  }
  function settle(sent: readonly PullItem[], outcomes: readonly PullOutcome[]): void {
    store.update({ items: withOutcomes(store.get().items, sent, outcomes) });
  }
  async function send(
    items: readonly PullItem[],
    onWhole: (problem: Problem) => void,
  ): Promise<void> {
    store.update({ isBusy: true });
    settle(
      items,
      items.map(() => ({ kind: 'sending' })),
    );
    const sending = await sendPulls(
      stack,
      items.map(({ fields }) => fields),
    );
    store.update({ isBusy: false });
    if ('problem' in sending) return onWhole(sending.problem);
    const { outcomes } = sending;
    settle(items, outcomes);
    onAnswer(outcomes.flatMap(listErrors), listCorrectable(items, outcomes));
  }

  return {
    items: () => store.get().items,
    isBusy: () => store.get().isBusy,
    remove,
    async submit(urls, settings) {
      const pulls = await buildPulls(urls, settings);
      const items = pulls.map((fields): PullItem => {
        lastId += 1;
        return { id: lastId, fields, outcome: { kind: 'sending' } };
      });
      // What was refused before stands in the form, and is among these or given up.
      const others = store.get().items.filter(({ outcome }) => !isCorrectable(outcome));
      store.update({ items: [...items, ...others] });
      await send(items, (problem) => {
        remove(items);
        onFailure(problem, urls);
      });
    },
    async sendRest() {
      const rest = store.get().items.filter(({ outcome }) => outcome.kind === 'unsent');
      const before = rest.map(({ outcome }) => outcome);
      await send(rest, (problem) => {
        settle(rest, before);
        onFailure(problem, []);
      });
    },
  };
}

function withOutcomes(
  items: readonly PullItem[],
  sent: readonly PullItem[],
  outcomes: readonly PullOutcome[],
): readonly PullItem[] {
  const settled = new Map(sent.map(({ id }, place) => [id, outcomes[place]]));
  return items.map((item) => ({ ...item, outcome: settled.get(item.id) ?? item.outcome }));
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
