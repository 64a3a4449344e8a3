import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listTasks, type TaskQuery } from '../../../../tools/local/emulator/api/task-list.ts';
import { createQueueOrder } from '../../../../tools/local/emulator/events/queue-order.ts';
import { createFifo } from '../../../../tools/local/emulator/fifo.ts';
import { createMediaIndex } from '../../../../tools/local/emulator/media-index.ts';
import {
  type AccountState,
  openState,
  type QueuedEvent,
} from '../../../../tools/local/emulator/state.ts';
import {
  createTaskIndex,
  creationOf,
  endOfTask,
  statusOf,
  type Task,
} from '../../../../tools/local/emulator/task-index.ts';
import { writeMedia } from '../../../bench/emulator-media.ts';
import { createChance } from '../../../support/chance.ts';
import { makeFolder } from '../../../support/make-folder.ts';

const now = () => new Date();

async function openMany(count: number): Promise<AccountState> {
  const dir = await makeFolder();
  await writeMedia(createWriteStream(join(dir, 'state.ndjson')), count);
  return openState(dir, now);
}

describe('the orders of 2,000 media and tasks', () => {
  it('read no more media than they return', async () => {
    const { media } = await openMany(2_000);
    const index = createMediaIndex(media);
    const reads: string[] = [];
    const get = media.get.bind(media);
    media.get = (key) => {
      reads.push(key);
      return get(key);
    };

    const listed: string[] = [];
    for (const { fileId } of index.list('newest first')) {
      if (listed.push(fileId) === 10) break;
    }

    expect(reads).toEqual(listed);
    expect(listed).toEqual([...media.keys()].reverse().slice(0, 10));
  });

  it('list tasks as a search of all of them does, page by page', async () => {
    const state = await openMany(400);
    mixTasks(state);
    const tasks = createTaskIndex(state);
    const times = [...state.pulls.values()].map(({ createTime }) => createTime);
    const range = { After: times[20], Before: times[90] };
    const queries: Omit<TaskQuery, 'field' | 'order'>[] = [
      ...[{}, { status: 'FINISH' as const }, { status: 'WAITING' as const }, { fileId: 'f3' }],
      ...[{ created: range }, { finished: range }, { finished: range, created: range }],
      { created: { After: range.After }, status: 'PROCESSING' },
    ];

    const sorts = [
      ...[
        { field: 'CreateTime', order: 'Asc' } as const,
        { field: 'CreateTime', order: 'Desc' } as const,
      ],
      ...[
        { field: 'FinishTime', order: 'Asc' } as const,
        { field: 'FinishTime', order: 'Desc' } as const,
      ],
    ];
    for (const wanted of sorts.flatMap((sort) => queries.map((query) => ({ ...query, ...sort })))) {
      const found = readPages(tasks, wanted);
      expect([wanted, found.map(idOf).sort()]).toEqual([wanted, expectedIds(state, wanted)]);
      const keys = found.map(wanted.field === 'CreateTime' ? creationOf : endOfTask);
      const sorted = [...keys].sort();
      expect([wanted, keys]).toEqual([wanted, wanted.order === 'Asc' ? sorted : sorted.reverse()]);
    }
  });
});

/** Gives the pulls different ends, media and states, and removes some. */
function mixTasks({ pulls }: AccountState): void {
  const chance = createChance(3);
  for (const [index, [taskId, pull]] of [...pulls].entries()) {
    const later = new Date(Date.parse(pull.createTime) + chance.below(3_000) * 1_000);
    const running = { ...pull, finishTime: '', fileId: '', task: null };
    const changed = [
      { ...pull, finishTime: later.toISOString(), fileId: `f${index % 9}` },
      { ...running, status: 'WAITING' as const },
      { ...running, status: 'PROCESSING' as const },
    ][chance.below(4)];
    if (changed === undefined) pulls.delete(taskId);
    else pulls.set(taskId, changed);
  }
}

const idOf = (task: Task) => task.record.taskId;

/** Reads a list in pages of 7, each from the task after the one before. */
function readPages(tasks: ReturnType<typeof createTaskIndex>, query: TaskQuery): Task[] {
  const found: Task[] = [];
  for (let start: string | undefined; ; ) {
    const page: Task[] = [];
    for (const task of listTasks({ tasks, now }, { ...query, start })) {
      if (page.push(task) === 8) break;
    }
    found.push(...page.slice(0, 7));
    const next = page[7];
    if (next === undefined) return found;
    start = idOf(next);
  }
}

function expectedIds(state: AccountState, query: TaskQuery): string[] {
  const within = (time: string, range: TaskQuery['created']) =>
    range === undefined ||
    (time !== '' &&
      Date.parse(time) >= Date.parse(range.After ?? time) &&
      (range.Before === undefined || Date.parse(time) < Date.parse(range.Before)));
  return [...state.pulls.values()]
    .map((record): Task => ({ kind: 'pull', record }))
    .filter(
      (task) =>
        (query.status ?? statusOf(task)) === statusOf(task) &&
        (query.fileId ?? task.record.fileId) === task.record.fileId &&
        within(creationOf(task), query.created) &&
        within(endOfTask(task), query.finished),
    )
    .map(idOf)
    .sort();
}

describe('createQueueOrder()', () => {
  it('gives each of 5,000 events once until it is visible again, then the oldest first', () => {
    const events = new Map<string, QueuedEvent>();
    const order = createQueueOrder(events);
    for (let index = 0; index < 5_000; index += 1) {
      const kept = { createdAt: index, keptUntil: 1_000_000, hiddenUntil: 0 };
      order.add({ id: `e${index}`, eventType: 'E', event: {}, ...kept });
    }

    const first = order.take(10_000).map(({ id }) => id);
    const rest: string[] = [];
    for (let some = order.take(10_001); some.length > 0; some = order.take(10_001)) {
      rest.push(...some.map(({ id }) => id));
    }

    expect([...first, ...rest]).toEqual([...events.keys()]);
    expect(order.nextVisible()).toBe(40_000);
    expect(order.confirm(['e3', 'e4999'], 20_000)).toBe(true);
    expect(order.count(40_000)).toBe(15);
    expect(order.take(40_000).map(({ id }) => id)).toEqual(first.filter((id) => id !== 'e3'));
    expect(order.count(40_001)).toBe(4_998 - 15);
  });
});

describe('createFifo()', () => {
  it('takes what was added first, also after many', () => {
    const fifo = createFifo([-1]);
    const taken: (number | undefined)[] = [];
    for (let number = 0; number < 6_000; number += 1) {
      fifo.add(number);
      if (number % 3 !== 0) taken.push(fifo.take());
    }
    while (fifo.size > 0) taken.push(fifo.take());

    expect(taken).toEqual(Array.from({ length: 6_001 }, (_, index) => index - 1));
    expect(fifo.take()).toBeUndefined();
  });
});
