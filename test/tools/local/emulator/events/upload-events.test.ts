import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ActivityLog, createActivityLog } from '../../../../../tools/local/activity.ts';
import { createClock } from '../../../../../tools/local/emulator/clock.ts';
import {
  createEventQueue,
  type EventQueue,
} from '../../../../../tools/local/emulator/events/event-queue.ts';
import {
  createEventSettings,
  type EventSettings,
} from '../../../../../tools/local/emulator/events/event-settings.ts';
import {
  createUploadEvents,
  type UploadEvents,
  type UploadEventsOptions,
} from '../../../../../tools/local/emulator/events/upload-events.ts';
import { createFaults } from '../../../../../tools/local/emulator/faults.ts';
import { createKnownNames } from '../../../../../tools/local/emulator/known-names.ts';
import {
  type Media,
  openState,
  type State,
  type UploadSession,
} from '../../../../../tools/local/emulator/state.ts';
import { nextActivity } from '../../../../support/activities.ts';
import { makeFolder } from '../../../../support/make-folder.ts';
import { type CallbackReceiver, openReceiver } from './callback-receiver.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const media: Media = {
  fileId: '5285890784273533167',
  name: 'holiday',
  type: 'mp4',
  category: 'Video',
  mediaPath: '/vodlocal01/5285890784273533167/a.mp4',
  coverPath: null,
  mediaUrl: 'http://localhost:3000/media/vodlocal01/5285890784273533167/a.mp4',
  coverUrl: '',
  createTime: '2026-03-01T10:00:00Z',
  updateTime: '2026-03-01T10:00:00Z',
  expireTime: '9999-12-31T23:59:59Z',
  classId: 0,
  storageRegion: 'ap-seoul',
  sourceContext: 'order 7',
  procedureTaskId: '1500000001-Procedure-0123456789abcdef',
  metaData: { Size: 1_000, Duration: 3, Width: 64, Height: 36, Container: 'mp4' },
  description: '',
  tags: [],
};
const session: UploadSession = {
  vodSessionKey: 'key',
  fileId: media.fileId,
  storageRegion: media.storageRegion,
  expiresAt: 2_000_000_000,
  committedAt: null,
  video: null,
  cover: null,
  mediaExpireTime: null,
  classId: 0,
  procedure: 'LongVideoPreset',
  taskPriority: 5,
  taskNotifyMode: 'Finish',
  sourceContext: 'order 7',
  sessionContext: 'basket 9',
};

let dir: string;
let state: State;
let receiver: CallbackReceiver;
let activity: ActivityLog;
let events: UploadEvents;
let settings: EventSettings;
let queue: EventQueue;
const clock = createClock(() => NOW);

function openEvents(
  change: Partial<UploadEventsOptions> = {},
  callbackUrl = receiver.url,
): UploadEvents {
  const account = { subAppId: 1_500_000_001, signKey: 'SignKeyExample' };
  settings = createEventSettings({ state, account, callbackUrl });
  queue = createEventQueue({ state, clock });
  events = createUploadEvents({
    state,
    settings,
    queue,
    faults: createFaults(activity),
    names: createKnownNames(state, {}),
    activity,
    clock,
    procedureMilliseconds: 3,
    ...change,
  });
  return events;
}

beforeEach(async () => {
  dir = await makeFolder();
  state = await openState(dir, () => NOW);
  receiver = await openReceiver();
  activity = createActivityLog();
});
afterEach(async () => {
  await events.close();
  await receiver.close();
  await state.save();
});

function upload(change: Partial<UploadSession>, changedMedia: Partial<Media> = {}): void {
  const uploaded = { ...media, ...changedMedia };
  state.media.set(uploaded.fileId, uploaded);
  events.recordUpload(uploaded, { ...session, ...change });
  events.start();
}

/** Resolves when the simulated flow has ended. */
const flowEnd = () =>
  nextActivity(activity, (each) => each.type === 'procedure' && each.status === 'FINISH');

/** Resolves when a notification has been delivered. */
const delivery = () =>
  nextActivity(activity, (each) => each.type === 'notification' && each.outcome === 'delivered');

const member = (body: Readonly<Record<string, unknown>>, name: string) =>
  body[name] as Readonly<Record<string, unknown>>;

describe('createUploadEvents()', () => {
  it('describes an upload with all its data, and has no other members', async () => {
    openEvents();

    upload({ procedure: null }, { procedureTaskId: '' });
    const { body } = await receiver.next();

    expect(body['EventType']).toBe('NewFileUpload');
    expect(Object.keys(body)).toEqual(['EventType', 'FileUploadEvent', 'Sign', 'T']);
    expect(body['FileUploadEvent']).toEqual({
      FileId: '5285890784273533167',
      MediaBasicInfo: {
        Name: 'holiday',
        Description: '',
        CreateTime: '2026-03-01T10:00:00Z',
        UpdateTime: '2026-03-01T10:00:00Z',
        ExpireTime: '9999-12-31T23:59:59Z',
        ClassId: 0,
        ClassName: 'Other',
        ClassPath: 'Other',
        CoverUrl: '',
        Type: 'mp4',
        MediaUrl: 'http://localhost:3000/media/vodlocal01/5285890784273533167/a.mp4',
        SourceInfo: { SourceType: 'Upload', SourceContext: 'order 7' },
        StorageRegion: 'ap-seoul',
        StoragePath: '/vodlocal01/5285890784273533167/a.mp4',
        TagSet: [],
        Vid: '5285890784273533167',
        Category: 'Video',
        Status: 'Normal',
        StorageClass: 'STANDARD',
      },
      ProcedureTaskId: '',
      ReviewAudioVideoTaskId: '',
      MetaData: media.metaData,
    });
    expect(state.procedures.size).toBe(0);
  });

  it('describes an unreadable file without MetaData', async () => {
    openEvents();

    upload({ procedure: null }, { metaData: null, category: 'Image', type: 'png' });
    const { body } = await receiver.next();

    expect(member(body, 'FileUploadEvent')).toMatchObject({ FileId: media.fileId });
    expect(member(body, 'FileUploadEvent')).not.toHaveProperty('MetaData');
  });

  it('reports a flow once, at its end, if the signature has Finish', async () => {
    openEvents();

    upload({ taskNotifyMode: 'Finish' });
    const [uploaded, finished] = [await receiver.next(), await receiver.next()];

    expect(member(uploaded.body, 'FileUploadEvent')['ProcedureTaskId']).toBe(media.procedureTaskId);
    expect(finished.body['EventType']).toBe('ProcedureStateChanged');
    expect(finished.body).not.toHaveProperty('FileUploadEvent');
    const task = member(finished.body, 'ProcedureStateChangeEvent');
    expect(task).toMatchObject({
      TaskId: media.procedureTaskId,
      Status: 'FINISH',
      ErrCode: 0,
      FileId: media.fileId,
      FileName: 'holiday',
      FileUrl: media.mediaUrl,
      MetaData: media.metaData,
      TasksPriority: 5,
      TasksNotifyMode: 'Finish',
      SessionContext: 'basket 9',
    });
    expect(task['MediaProcessResultSet']).toMatchObject([
      {
        Type: 'Transcode',
        TranscodeTask: {
          Status: 'SUCCESS',
          ErrCode: 0,
          Message: expect.stringContaining('SIMULATED'),
          Progress: 100,
          Output: { Url: media.mediaUrl, Size: 1_000, Duration: 3, Container: 'mp4' },
        },
      },
      {
        Type: 'CoverBySnapshot',
        CoverBySnapshotTask: {
          Status: 'SUCCESS',
          Message: expect.stringContaining('SIMULATED'),
          Output: { CoverUrl: '' },
        },
      },
    ]);
    await events.close();
    expect(receiver.received).toHaveLength(2);
    expect(state.procedures.size).toBe(0);
  });

  it('reports each step of a flow if the signature has Change', async () => {
    openEvents();

    upload({ taskNotifyMode: 'Change' });
    await receiver.next();
    const steps = [await receiver.next(), await receiver.next(), await receiver.next()];

    const tasks = steps.map(({ body }) => member(body, 'ProcedureStateChangeEvent'));
    expect(tasks.map((task) => task['Status'])).toEqual(['PROCESSING', 'PROCESSING', 'FINISH']);
    const transcodes = tasks.map((task) => task['MediaProcessResultSet']);
    expect(transcodes[0]).toMatchObject([
      { TranscodeTask: { Status: 'PROCESSING' } },
      { CoverBySnapshotTask: { Status: 'PROCESSING' } },
    ]);
    expect(JSON.stringify(transcodes[0])).not.toMatch(/Output|null/);
    expect(transcodes[1]).toMatchObject([
      { TranscodeTask: { Status: 'SUCCESS' } },
      { CoverBySnapshotTask: { Status: 'PROCESSING' } },
    ]);
  });

  it('reports no step of a flow if the signature has None, but runs the flow', async () => {
    openEvents();
    const end = flowEnd();
    const delivered = delivery();

    upload({ taskNotifyMode: 'None' });
    await end;
    await delivered;
    await events.close();

    expect(receiver.received).toHaveLength(1);
    expect(state.notifications.size).toBe(0);
    const steps = activity.since(0).filter(({ type }) => type === 'procedure');
    expect(steps).toMatchObject(
      ['PROCESSING', 'PROCESSING', 'FINISH'].map((status) => ({
        simulated: true,
        taskId: media.procedureTaskId,
        fileId: media.fileId,
        procedure: 'LongVideoPreset',
        status,
      })),
    );
  });

  it('continues a flow that a restart has interrupted', async () => {
    openEvents({ procedureMilliseconds: 600_000 });
    const delivered = delivery();
    upload({ taskNotifyMode: 'Change' });
    await receiver.next();
    await delivered;
    await events.close();
    await state.save();

    state = await openState(dir, () => NOW);
    openEvents().start();
    const steps = [await receiver.next(), await receiver.next(), await receiver.next()];

    expect(steps.map(({ body }) => member(body, 'ProcedureStateChangeEvent')['Status'])).toEqual([
      'PROCESSING',
      'PROCESSING',
      'FINISH',
    ]);
  });

  it('sends after a restart what was not sent before', async () => {
    openEvents({ attemptWaits: [0, 600_000] }, 'http://127.0.0.1:1/');
    const failed = nextActivity(activity, ({ type }) => type === 'notification');
    upload({ procedure: null });
    await failed;
    await events.close();
    await state.save();

    state = await openState(dir, () => NOW);
    openEvents().start();

    expect((await receiver.next()).body['EventType']).toBe('NewFileUpload');
  });

  it('queues events in PULL mode, and sends nothing', async () => {
    openEvents();
    settings.change({ mode: 'PULL' });

    upload({ procedure: null });

    expect(queue.count()).toBe(1);
    expect(state.notifications.size).toBe(0);
    expect(receiver.received).toEqual([]);
  });

  it('reports a deletion after earlier events of the file', async () => {
    openEvents();
    upload({ procedure: null });
    events.recordDeletion(media.fileId, []);
    events.start();

    const [, deleted] = [await receiver.next(), await receiver.next()];

    expect(deleted.body['EventType']).toBe('FileDeleted');
    expect(deleted.body['FileDeleteEvent']).toEqual({
      FileIdSet: [media.fileId],
      FileDeleteResultInfo: [{ FileId: media.fileId, DeleteParts: [] }],
    });
    expect(deleted.body).not.toHaveProperty('FileUploadEvent');
  });

  it('sends no events of types that are switched off', async () => {
    openEvents();
    settings.change({ uploadSwitch: 'OFF', deleteSwitch: 'OFF' });

    upload({ procedure: null });
    events.recordDeletion(media.fileId, []);

    expect(state.notifications.size).toBe(0);
    expect(queue.count()).toBe(0);
  });
});
