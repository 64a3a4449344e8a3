import type { FinishedProcedure, ProcedureRun, Pull, State } from './state.ts';
import { comparePlaces, createTimeline, type Place, type Timeline } from './timeline.ts';

/** A task of an application, of any kind. */
export type Task =
  | { readonly kind: 'pull'; readonly record: Pull }
  | { readonly kind: 'running flow'; readonly record: ProcedureRun }
  | { readonly kind: 'finished flow'; readonly record: FinishedProcedure };

/** The states of tasks. */
export type TaskStatus = 'WAITING' | 'PROCESSING' | 'FINISH';

/** The tasks of an application by the times of their creation and of their end. */
export interface TaskIndex {
  find(taskId: string): Task | undefined;
  /** Returns where a task is by its creation, and by its end once it has ended. */
  placesOf(taskId: string): { readonly created: Place; readonly finished?: Place } | undefined;
  /** All tasks, or those in a state, by their creation. */
  byCreation(status?: TaskStatus): Timeline<Task>;
  /** Those that have ended, by their end. */
  byEnd(): Timeline<Task>;
  /** Those of a media, in the order of creation. */
  ofFile(fileId: string): readonly Task[];
}

interface Entry {
  readonly task: Task;
  readonly status: TaskStatus;
  readonly fileId: string;
  readonly created: Place;
  readonly finished?: Place;
}

/** Returns the state of a task. */
export function statusOf(task: Task): TaskStatus {
  if (task.kind === 'pull') return task.record.status;
  return task.kind === 'running flow' ? 'PROCESSING' : 'FINISH';
}

/** Returns when a task was created, in ISO 8601: a flow begins immediately. */
export function creationOf(task: Task): string {
  return task.kind === 'pull' ? task.record.createTime : task.record.beginTime;
}

/** Returns when a task ended, in ISO 8601; empty if it has not. */
export function endOfTask(task: Task): string {
  return task.kind === 'running flow' ? '' : task.record.finishTime;
}

/** Returns the index of the tasks in `state`, which follows their changes. */
export function createTaskIndex(
  state: Pick<State, 'pulls' | 'procedures' | 'finishedProcedures'>,
): TaskIndex {
  const entries = new Map<string, Entry>();
  const files = createFileTasks();
  const created = createTimeline<Task>();
  const finished = createTimeline<Task>();
  const byStatus = {
    WAITING: createTimeline<Task>(),
    PROCESSING: createTimeline<Task>(),
    FINISH: createTimeline<Task>(),
  };
  let ranks = 0;

  const remove = (taskId: string, entry: Entry) => {
    entries.delete(taskId);
    created.remove(entry.created);
    byStatus[entry.status].remove(entry.created);
    if (entry.finished !== undefined) finished.remove(entry.finished);
    files.remove(entry.fileId, taskId);
  };
  const add = (taskId: string, entry: Entry) => {
    const { task } = entry;
    entries.set(taskId, entry);
    created.add(entry.created, task);
    byStatus[entry.status].add(entry.created, task);
    if (entry.finished !== undefined) finished.add(entry.finished, task);
    files.add(entry.fileId, taskId);
  };
  const follow = (kind: Task['kind'], taskId: string, task: Task | undefined) => {
    const before = entries.get(taskId);
    // A flow that ends is in the other list before it leaves this one.
    if (task === undefined && before?.task.kind !== kind) return;
    if (before !== undefined) remove(taskId, before);
    if (task === undefined) return;
    if (before === undefined) ranks += 1;
    add(taskId, describe(task, before?.created.rank ?? ranks));
  };

  state.pulls.watch((taskId, record) => follow('pull', taskId, record && { kind: 'pull', record }));
  state.procedures.watch((taskId, record) =>
    follow('running flow', taskId, record && { kind: 'running flow', record }),
  );
  state.finishedProcedures.watch((taskId, record) =>
    follow('finished flow', taskId, record && { kind: 'finished flow', record }),
  );
  return {
    find: (taskId) => entries.get(taskId)?.task,
    placesOf: (taskId) => entries.get(taskId),
    byCreation: (status) => (status === undefined ? created : byStatus[status]),
    byEnd: () => finished,
    ofFile: (fileId) =>
      files
        .list(fileId)
        .flatMap((taskId) => entries.get(taskId) ?? [])
        .sort((left, right) => comparePlaces(left.created, right.created))
        .map(({ task }) => task),
  };
}

/** Returns the ids of tasks by the media that they belong to; tasks without a media are left out. */
function createFileTasks() {
  const files = new Map<string, Set<string>>();
  return {
    list: (fileId: string) => [...(files.get(fileId) ?? [])],
    add(fileId: string, taskId: string) {
      if (fileId === '') return;
      const tasks = files.get(fileId);
      if (tasks === undefined) files.set(fileId, new Set([taskId]));
      else tasks.add(taskId);
    },
    remove(fileId: string, taskId: string) {
      const tasks = files.get(fileId);
      tasks?.delete(taskId);
      if (tasks?.size === 0) files.delete(fileId);
    },
  };
}

function describe(task: Task, rank: number): Entry {
  const end = endOfTask(task);
  return {
    task,
    status: statusOf(task),
    fileId: task.record.fileId,
    created: { time: Date.parse(creationOf(task)), rank },
    ...(end === '' ? {} : { finished: { time: Date.parse(end), rank } }),
  };
}
