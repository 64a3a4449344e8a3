import { describe, expect, it } from 'vitest';
import { EVENT_MEMBERS, parseVodEvent } from '../../../lib/vod/event.ts';
import { identifyEvent } from '../../../lib/vod/event-id.ts';
import { describeTaskEvent, isTaskEventType, TASK_MEMBERS } from '../../../lib/vod/tasks.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };

/** A task as VOD returns it: with every other member `null`. */
function detailOf(member: string, task: object | null, status = 'FINISH') {
  const others = Object.fromEntries(Object.values(TASK_MEMBERS).map((name) => [name, null]));
  return { ...others, TaskType: 'Any', Status: status, [member]: task };
}

describe('TASK_MEMBERS', () => {
  it('leaves out types that describe no task', () => {
    const others = Object.keys(EVENT_MEMBERS).filter((type) => !isTaskEventType(type));

    expect(others.sort()).toEqual([
      'FileDeleted',
      'MediaCastStatusChanged',
      'NewFileUpload',
      'PersistenceComplete',
      'RestoreMediaComplete',
    ]);
  });

  it('has no member twice', () => {
    const members = Object.values(TASK_MEMBERS);

    expect(new Set(members).size).toBe(members.length);
  });
});

describe('describeTaskEvent()', () => {
  it.each(Object.entries(TASK_MEMBERS))('describes the end of a task by %s', (type, member) => {
    const task = { TaskId: 't-1', Status: 'FINISH', ErrCode: 0, Output: null };

    expect(describeTaskEvent(detailOf(member, task))).toEqual({
      eventType: type,
      task: { TaskId: 't-1', Status: 'FINISH', ErrCode: 0 },
    });
  });

  it.each([
    ['a pull', 'PullUploadTask', events.PullComplete, events.PullComplete.PullCompleteEvent],
    [
      'a pull that failed',
      'PullUploadTask',
      events.PullFailed,
      events.PullFailed.PullCompleteEvent,
    ],
    [
      'a step of a flow',
      'ProcedureTask',
      events.ProcedureStep,
      events.ProcedureStep.ProcedureStateChangeEvent,
    ],
    [
      'edited media',
      'EditMediaTask',
      events.MediaEdited,
      events.MediaEdited.EditMediaCompleteEvent,
    ],
    [
      'a task of 2017',
      'SnapshotByTimeOffsetTask',
      events.Snapshots2017,
      events.Snapshots2017.SnapshotByTimeOffsetCompleteEvent,
    ],
  ])('returns the same id for %s as its pushed event', (_name, member, pushed, task) => {
    const event = describeTaskEvent(detailOf(member, task));

    expect(event && identifyEvent(event)).toBe(identifyEvent(parseVodEvent(pushed)));
  });

  it.each([
    ['in progress', { TaskId: 't-1', Status: 'PROCESSING' }, 'PROCESSING'],
    ['that is queued', { TaskId: 't-1', Status: 'PROCESSING' }, 'WAITING'],
    ['without a status in a task that is not finished', { TaskId: 't-1' }, 'PROCESSING'],
    ['without its id', { Status: 'FINISH' }, 'FINISH'],
  ])('returns no event for a pull %s', (_name, task, status) => {
    expect(describeTaskEvent(detailOf('PullUploadTask', task, status))).toBeUndefined();
  });

  it('returns no event for a task without an event type', () => {
    const detail = detailOf('PullUploadTask', null);

    expect(
      describeTaskEvent({ ...detail, SceneAigcVideoTask: { TaskId: 't-1', Status: 'FINISH' } }),
    ).toBeUndefined();
  });
});
