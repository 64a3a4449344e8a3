import { isSuccess, type Recorded } from './recorded.ts';

/** What the server said about one pull. */
export interface PullFact {
  /** The newest word of VOD about the task. */
  readonly task?: Recorded<'pull'>;
  /** The callback function has accepted the event that ends the pull. */
  readonly isReceived: boolean;
}

/** The {@link PullFact} of each task. */
export interface PullFacts {
  takePull(activity: Recorded<'pull'>): void;
  takeFunction(activity: Recorded<'function'>): void;
  pull(taskId: string): PullFact | undefined;
}

/** Answers an empty record. */
export function createPullFacts(): PullFacts {
  const pulls = new Map<string, PullFact>();
  const amend = (taskId: string, change: Partial<PullFact>) =>
    pulls.set(taskId, { isReceived: false, ...pulls.get(taskId), ...change });

  return {
    takePull: (task) => amend(task.taskId, { task }),
    takeFunction({ function: name, status, log }) {
      if (name !== 'callback' || !isSuccess(status)) return;
      for (const { eventType, taskId } of log) {
        if (eventType === 'PullComplete' && typeof taskId === 'string') {
          amend(taskId, { isReceived: true });
        }
      }
    },
    pull: (taskId) => pulls.get(taskId),
  };
}
