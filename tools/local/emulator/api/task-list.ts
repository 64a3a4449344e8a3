import { creationOf, endOfTask, statusOf, type Task, type TaskStatus } from '../task-index.ts';
import { comparePlaces, FIRST, LAST, type Place, startOf, type Timeline } from '../timeline.ts';
import type { ApiServices } from './services.ts';
import { oldestTime } from './task-records.ts';

/** A range of times in ISO 8601, without its end. */
interface TimeRange {
  readonly After?: string | undefined;
  readonly Before?: string | undefined;
}

/** What DescribeTasks is asked for; what is undefined is no criterion. */
export interface TaskQuery {
  readonly status?: TaskStatus | undefined;
  readonly fileId?: string | undefined;
  readonly created?: TimeRange | undefined;
  readonly finished?: TimeRange | undefined;
  readonly field: 'CreateTime' | 'FinishTime';
  readonly order: 'Asc' | 'Desc';
  /** Id of the task with which the list begins. */
  readonly start?: string | undefined;
}

type Tasks = Pick<ApiServices, 'tasks' | 'now'>;

/**
 * Returns the tasks of the last three days that match, in the wanted order, one by one: what follows those that are read
 * is not looked at. The end of tasks that have none is before all others.
 */
export function* listTasks(api: Tasks, query: TaskQuery): Iterable<Task> {
  const start = query.start === undefined ? undefined : placeOf(api, query, query.start);
  for (const task of listCandidates(api, query, start)) {
    if (fits(task, query, oldestTime(api))) yield task;
  }
}

/** Returns where a task is in the order of the query. */
function placeOf({ tasks }: Tasks, { field }: TaskQuery, taskId: string): Place | undefined {
  const places = tasks.placesOf(taskId);
  if (places === undefined || field === 'CreateTime') return places?.created;
  return places.finished ?? { time: Number.NEGATIVE_INFINITY, rank: places.created.rank };
}

function fits(task: Task, query: TaskQuery, oldest: number): boolean {
  const { status, fileId, created, finished } = query;
  return (
    Date.parse(creationOf(task)) >= oldest &&
    (status === undefined || status === statusOf(task)) &&
    (fileId === undefined || fileId === task.record.fileId) &&
    isWithin(creationOf(task), created) &&
    isWithin(endOfTask(task), finished)
  );
}

function isWithin(time: string, range: TimeRange | undefined): boolean {
  if (range === undefined) return true;
  const { After, Before } = range;
  const at = Date.parse(time);
  if (Number.isNaN(at)) return false;
  return at >= Date.parse(After ?? time) && (Before === undefined || at < Date.parse(Before));
}

/** Returns tasks of which all that match are among, from `start` on: the fewest that an index gives. */
function listCandidates(api: Tasks, query: TaskQuery, start: Place | undefined): Iterable<Task> {
  const { tasks } = api;
  const { status, fileId, created, finished, field } = query;
  if (fileId !== undefined) return arrange(api, query, tasks.ofFile(fileId), start);
  if (field === 'FinishTime') return listByEnd(api, query, start);
  if (finished !== undefined) {
    const ended = tasks.byEnd().ascend(...boundsOf(finished));
    return arrange(api, query, [...ended], start);
  }
  const [from, to] = boundsOf(created);
  const oldest = startOf(oldestTime(api));
  return read(tasks.byCreation(status), query, start, [
    comparePlaces(from, oldest) < 0 ? oldest : from,
    to,
  ]);
}

function* listByEnd(api: Tasks, query: TaskQuery, start: Place | undefined): Iterable<Task> {
  const { tasks } = api;
  const { status, finished, order } = query;
  const ended = status === undefined || status === 'FINISH';
  const running =
    finished === undefined && status !== 'FINISH'
      ? (['WAITING', 'PROCESSING'] as const).flatMap((each) => [
          ...tasks.byCreation(each).ascend(FIRST, LAST),
        ])
      : [];
  const others = arrange(api, query, running, start);
  const list = ended ? read(tasks.byEnd(), query, start, boundsOf(finished)) : [];
  yield* order === 'Asc' ? others : list;
  yield* order === 'Asc' ? list : others;
}

function boundsOf(range: TimeRange | undefined): [Place, Place] {
  const { After, Before } = range ?? {};
  return [
    After === undefined ? FIRST : startOf(Date.parse(After)),
    Before === undefined ? LAST : startOf(Date.parse(Before)),
  ];
}

function read(
  timeline: Timeline<Task>,
  { order }: TaskQuery,
  start: Place | undefined,
  [from, to]: readonly [Place, Place],
): Iterable<Task> {
  if (order === 'Asc') {
    return timeline.ascend(
      start !== undefined && comparePlaces(start, from) > 0 ? start : from,
      to,
    );
  }
  return timeline.descend(from, start !== undefined && comparePlaces(start, to) < 0 ? start : to);
}

/** Sorts a few tasks, and leaves out those before `start`. */
function arrange(
  api: Tasks,
  query: TaskQuery,
  tasks: readonly Task[],
  start: Place | undefined,
): Iterable<Task> {
  const sign = query.order === 'Asc' ? 1 : -1;
  return tasks
    .flatMap((task) => {
      const place = placeOf(api, query, task.record.taskId);
      return place === undefined ? [] : [{ task, place }];
    })
    .filter(({ place }) => start === undefined || sign * comparePlaces(place, start) >= 0)
    .sort((left, right) => sign * comparePlaces(left.place, right.place))
    .map(({ task }) => task);
}
