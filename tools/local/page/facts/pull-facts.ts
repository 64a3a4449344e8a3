import { isSuccess, type Recorded } from '../stack/recorded.ts';

/** What the server reported about one pull. */
interface PullFact {
  /** VOD's newest report about the task. */
  readonly task?: Recorded<'pull'>;
  /** The callback function has accepted the event that ends the pull. */
  readonly isReceived: boolean;
}

/** The {@link PullFact} of each task. */
export interface PullFacts {
  takePull(activity: Recorded<'pull'>): void;
  takeFunction(activity: Recorded<'function'>): void;
  /** Undefined until VOD reports this task. */
  pull(taskId: string): PullFact | undefined;
  /** The task of a queued pull, which only its final event has; undefined until then. */
  taskOf(uploadId: string): string | undefined;
}

/** Returns facts about no pulls. */
export function createPullFacts(): PullFacts {
  const pulls = new Map<string, PullFact>();
  const tasks = new Map<string, string>();
  const amend = (taskId: string, change: Partial<PullFact>) =>
    pulls.set(taskId, { isReceived: false, ...pulls.get(taskId), ...change });

  return {
    takePull: (task) => amend(task.taskId, { task }),
    takeFunction({ function: name, status, log }) {
      if (name !== 'callback' || !isSuccess(status)) return;
      for (const { eventType, taskId, uploadId } of log) {
        if (eventType !== 'PullComplete' || typeof taskId !== 'string') continue;
        amend(taskId, { isReceived: true });
        tasks.set(String(uploadId), taskId);
      }
    },
    pull: (taskId) => pulls.get(taskId),
    taskOf: (uploadId) => tasks.get(uploadId),
  };
}
