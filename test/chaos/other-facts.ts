import type { Chance } from '../support/chance.ts';
import { APPLICATIONS, type Course, OWN, type World } from './world.ts';

/** A fact that no upload depends on and that cannot be found again: only its notification reports it. */
export interface OtherFact extends Course {
  readonly taskId: string;
}

/**
 * Returns `count` such facts: some of a type that VOD has no question for, and edited media, which it can be asked
 * about.
 */
export function planOtherFacts(count: number, world: World, chance: Chance): readonly OtherFact[] {
  return Array.from({ length: count }, (_, index) => {
    const subAppId = APPLICATIONS[index % APPLICATIONS.length] ?? OWN;
    const isEdited = chance.happens(0.5);
    const taskId = `${subAppId}-${isEdited ? 'EditMedia' : 'Tomorrow'}-${index}t1`;
    const edit = () => {
      const task = { TaskId: taskId, Status: 'FINISH', ErrCode: 0, Message: 'SUCCESS' };
      world.get(subAppId)?.tasks.set(taskId, {
        ...{ taskType: 'EditMedia', member: 'EditMediaTask', task },
      });
      return [{ EventType: 'EditMediaComplete', EditMediaCompleteEvent: task }];
    };
    const happen = () => [{ EventType: 'Tomorrow', TomorrowEvent: { TaskId: taskId } }];
    return { subAppId, taskId, steps: [isEdited ? edit : happen], staysHome: true };
  });
}
