import type { RecordedActivity } from '../activity.ts';
import { createFileFacts, type FileFacts } from './file-facts.ts';
import { createPartFacts, type PartFacts } from './part-facts.ts';

/** Everything the event stream told, by storage key and by file. */
export interface ServerFacts extends Omit<PartFacts, 'take'> {
  take(activity: RecordedActivity): void;
  file(fileId: string): FileFacts;
}

/** Answers an empty record. */
export function createServerFacts(): ServerFacts {
  const parts = createPartFacts();
  const files = createFileFacts();

  function take(activity: RecordedActivity): void {
    switch (activity.type) {
      case 'storage':
        parts.take(activity);
        break;
      case 'function':
        files.takeFunction(activity);
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
      case 'ugc':
      case 'fault':
        break;
    }
  }
  return { ...parts, take, file: files.file };
}
