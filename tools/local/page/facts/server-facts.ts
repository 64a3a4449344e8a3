import { signal } from '@preact/signals';
import type { RecordedActivity } from '../../activity.ts';
import { createFileFacts, type FileFacts } from './file-facts.ts';
import { createPartFacts, type PartFacts } from './part-facts.ts';
import { createPullFacts, type PullFacts } from './pull-facts.ts';

/**
 * Everything that the event stream reported, by storage key, by file and by task. Reading subscribes to later changes.
 */
export interface ServerFacts extends Omit<PartFacts, 'take'>, Pick<PullFacts, 'pull' | 'taskOf'> {
  take(activity: RecordedActivity): void;
  file(fileId: string): FileFacts;
}

/** Returns no facts. */
export function createServerFacts(): ServerFacts {
  const parts = createPartFacts();
  const files = createFileFacts();
  const pulls = createPullFacts();
  const revision = signal(0);

  /** Returns `read`, which also subscribes its caller. */
  function subscribing<A extends readonly unknown[], R>(
    read: (...args: A) => R,
  ): (...args: A) => R {
    return (...args) => {
      revision.value;
      return read(...args);
    };
  }
  function take(activity: RecordedActivity): void {
    switch (activity.type) {
      case 'storage':
        parts.take(activity);
        break;
      case 'function':
        files.takeFunction(activity);
        pulls.takeFunction(activity);
        break;
      case 'notification':
        files.takeNotification(activity);
        break;
      case 'media':
        files.takeMedia(activity);
        break;
      case 'procedure':
        files.takeProcedure(activity);
        break;
      case 'pull':
        pulls.takePull(activity);
        break;
      case 'ugc':
      case 'api':
      case 'webhook':
      case 'sweep':
      case 'fault':
        break;
    }
  }
  return {
    take(activity) {
      take(activity);
      revision.value = revision.peek() + 1;
    },
    keepParts: parts.keepParts,
    parts: subscribing(parts.parts),
    isComplete: subscribing(parts.isComplete),
    file: subscribing(files.file),
    pull: subscribing(pulls.pull),
    taskOf: subscribing(pulls.taskOf),
  };
}
