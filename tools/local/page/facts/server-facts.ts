import type { RecordedActivity } from '../../activity.ts';
import { createFileFacts, type FileFacts } from './file-facts.ts';
import { createPartFacts, type PartFacts } from './part-facts.ts';
import { createPullFacts, type PullFacts } from './pull-facts.ts';

/** Everything the event stream told, by storage key, by file and by task. */
export interface ServerFacts extends Omit<PartFacts, 'take'>, Pick<PullFacts, 'pull' | 'taskOf'> {
  take(activity: RecordedActivity): void;
  file(fileId: string): FileFacts;
}

/** Returns an empty record. */
export function createServerFacts(): ServerFacts {
  const parts = createPartFacts();
  const files = createFileFacts();
  const pulls = createPullFacts();

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
  return { ...parts, take, file: files.file, pull: pulls.pull, taskOf: pulls.taskOf };
}
