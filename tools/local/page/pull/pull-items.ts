import { type ReadonlySignal, signal } from '@preact/signals';
import type { LedgerUpload } from '../stack/ledger-answers.ts';
import type { PullFields } from '../stack/stack-client.ts';
import { isCorrectable, type PullItem } from './pull.ts';
import type { PullOutcome } from './pull-outcome.ts';

/** The rows of pulls, newest request first. */
export interface PullItems {
  readonly all: ReadonlySignal<readonly PullItem[]>;
  /** Adds new rows at the top, and removes the refused ones, whose URLs are in the form. */
  add(pulls: readonly PullFields[]): readonly PullItem[];
  /** Gives rows their outcomes, and removes restored rows of the same uploads. */
  settle(sent: readonly PullItem[], outcomes: readonly PullOutcome[]): void;
  remove(items: readonly PullItem[]): void;
  /** Adds pulls from before a reload that have no row, newest first, at the end. */
  restore(uploads: readonly LedgerUpload[]): void;
}

/** Returns an empty list of rows. */
export function createPullItems(): PullItems {
  const items = signal<readonly PullItem[]>([]);
  let lastId = 0;

  return {
    all: items,
    add(pulls) {
      const added = pulls.map((fields): PullItem => {
        lastId += 1;
        return { id: lastId, fields, outcome: { kind: 'sending' } };
      });
      items.value = [...added, ...items.value.filter(({ outcome }) => !isCorrectable(outcome))];
      return added;
    },
    settle(sent, outcomes) {
      const settled = new Map(sent.map(({ id }, place) => [id, outcomes[place]]));
      const known = listUploads(outcomes);
      items.value = items.value
        // A list that was requested at the start may come after a request, and has its uploads too.
        .filter(({ kept }) => kept === undefined || !known.has(kept.uploadId))
        .map((item) => ({ ...item, outcome: settled.get(item.id) ?? item.outcome }));
    },
    remove(removed) {
      const ids = new Set(removed.map(({ id }) => id));
      items.value = items.value.filter(({ id }) => !ids.has(id));
    },
    restore(uploads) {
      const known = listUploads(items.value.map(({ outcome }) => outcome));
      const restored = uploads
        .filter(({ uploadId }) => !known.has(uploadId))
        .map((kept): PullItem => {
          lastId += 1;
          const { uploadId, taskId } = kept;
          const outcome = { kind: 'sent', uploadId, taskId: taskId || null } as const;
          // The backend does not store the source URLs of pulls.
          return { id: lastId, fields: { mediaUrl: '' }, outcome, kept };
        });
      items.value = [...items.value, ...restored];
    },
  };
}

function listUploads(outcomes: readonly PullOutcome[]): ReadonlySet<string> {
  return new Set(
    outcomes.flatMap((outcome) => (outcome.kind === 'sent' ? [outcome.uploadId] : [])),
  );
}
