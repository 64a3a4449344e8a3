import { describe, expect, it } from 'vitest';
import type { Recording } from '../../../../tools/local/emulator/recording.ts';
import { perTest } from '../../../support/per-test.ts';
import { openApiStage, refusalOf } from './api/api-stage.ts';

const stage = perTest(() => openApiStage({ names: { procedures: ['flow'], classIds: [7] } }));

const film = { name: 'film', type: 'mp4', seconds: 3, classId: 0, procedure: null } as const;

const live: Recording = {
  ...{ sourceType: 'Record', domain: 'push.example.com', path: 'live', streamId: 'room1' },
  ...{ recordStartTime: '2026-01-01T00:00:00Z', recordEndTime: '2026-01-01T00:30:00Z' },
};
const trtc: Recording = {
  ...{ sourceType: 'TrtcRecord', sdkAppId: 1_400_000_001, roomId: 'class-7', taskId: 'task' },
  userIds: ['a', 'b'],
};
const webPage: Recording = {
  ...{ sourceType: 'WebPageRecord', recordUrl: 'https://board.example.com', recordTaskId: 'task' },
};

const arrivals = () => stage.emulator().arrivals;

function record(recording: Recording, keepSeconds: number | null = null) {
  return arrivals().record({ recording, name: 'recorded', seconds: 2, keepSeconds });
}

async function describeMedia(fileId: string) {
  const { MediaInfoSet = [] } = await stage.client.DescribeMediaInfos({ FileIds: [fileId] });
  return MediaInfoSet[0];
}

async function search(request: NonNullable<Parameters<typeof stage.client.SearchMedia>[0]>) {
  const { MediaInfoSet = [] } = await stage.client.SearchMedia(request);
  return MediaInfoSet.map(({ FileId }) => FileId);
}

describe('an upload on the console’s page', () => {
  it('creates a media without a context in the nearest region, with its metadata, and sends an event', async () => {
    const { fileId } = await arrivals().uploadFromConsole({ ...film, classId: 7 });

    const { body } = await stage.receiver.next();
    expect(body).toMatchObject({
      EventType: 'NewFileUpload',
      FileUploadEvent: {
        FileId: fileId,
        MediaBasicInfo: {
          ...{ Name: 'film', Type: 'mp4', ClassId: 7, CoverUrl: '', StorageRegion: 'ap-seoul' },
          SourceInfo: { SourceType: 'Upload', SourceContext: '' },
          ExpireTime: '9999-12-31T23:59:59Z',
        },
        MetaData: { Duration: 3, Width: 64, Height: 48, VideoStreamSet: [{ Codec: 'h264' }] },
        ProcedureTaskId: '',
      },
    });
    expect(await describeMedia(fileId)).toMatchObject({ BasicInfo: { Name: 'film' } });
  });

  it('is processed if the page has a procedure', async () => {
    const { fileId } = await arrivals().uploadFromConsole({ ...film, procedure: 'flow' });

    const upload = await stage.receiver.next();
    const { body } = await stage.receiver.next();
    const taskId = Reflect.get(Object(upload.body['FileUploadEvent']), 'ProcedureTaskId');
    expect(body).toMatchObject({
      EventType: 'ProcedureStateChanged',
      ProcedureStateChangeEvent: { FileId: fileId, TaskId: taskId, Status: 'FINISH' },
    });
  });

  it.each([
    ['wav', 'Audio', { Duration: 3, Container: 'wav' }],
    ['png', 'Image', { Width: 64, Height: 48 }],
  ] as const)('can be a %s', async (type, category, metaData) => {
    const media = await arrivals().uploadFromConsole({ ...film, type });

    expect(media).toMatchObject({ category, metaData });
    expect((await fetch(media.mediaUrl)).status).toBe(200);
  });
});

describe('a URL in the console’s page', () => {
  it('is pulled into the default region, without a context, and reported as a pull', async () => {
    const { taskId } = await arrivals().pullFromConsole('http://samples.example.com/video.mp4');

    const { body } = await stage.receiver.next();
    expect(body).toMatchObject({
      EventType: 'PullComplete',
      PullCompleteEvent: {
        ...{ TaskId: taskId, ErrCode: 0, SessionContext: '', SessionId: '' },
        MediaBasicInfo: {
          ...{ Name: 'video', StorageRegion: 'ap-singapore', ClassId: 0, CoverUrl: '' },
          SourceInfo: { SourceType: 'Upload', SourceContext: '' },
        },
        MetaData: { Duration: 2 },
      },
    });
  });

  it('is refused for the same reasons as in PullUpload', async () => {
    expect(await refusalOf(arrivals().pullFromConsole('ftp://example.com/a.mp4'))).toMatchObject({
      code: 'InvalidParameterValue.MediaUrl',
    });
  });
});

describe('a recording', () => {
  it.each([
    [
      live,
      {
        SourceType: 'Record',
        LiveRecordInfo: {
          ...{ Domain: 'push.example.com', Path: 'live', StreamId: 'room1' },
          ...{ RecordStartTime: '2026-01-01T00:00:00Z', RecordEndTime: '2026-01-01T00:30:00Z' },
        },
      },
    ],
    [
      trtc,
      {
        SourceType: 'TrtcRecord',
        TrtcRecordInfo: {
          ...{ SdkAppId: 1_400_000_001, RoomId: 'class-7', TaskId: 'task', UserIds: ['a', 'b'] },
        },
      },
    ],
    [
      webPage,
      {
        SourceType: 'WebPageRecord',
        WebPageRecordInfo: { RecordUrl: 'https://board.example.com', RecordTaskId: 'task' },
      },
    ],
  ])('has its origin in the media: %j', async (recording, source) => {
    const { fileId } = await record(recording);

    const { body } = await stage.receiver.next();
    expect(body).toMatchObject({
      EventType: 'NewFileUpload',
      FileUploadEvent: {
        FileId: fileId,
        MediaBasicInfo: {
          StorageRegion: 'ap-seoul',
          SourceInfo: { ...source, SourceContext: '' },
        },
        MetaData: { Duration: 2 },
      },
    });
    await stage.reopen();
    expect(await describeMedia(fileId)).toMatchObject({ BasicInfo: { SourceInfo: source } });
  });

  it('expires as its settings say', async () => {
    const { createTime, expireTime } = await record(live, 3_600);

    expect(Date.parse(expireTime) - Date.parse(createTime)).toBe(3_600_000);
  });

  it('is found by its stream, room or page, and others are not', async () => {
    const { fileId: ofStream } = await record(live);
    const { fileId: ofRoom } = await record(trtc);
    const { fileId: uploaded } = await arrivals().uploadFromConsole(film);

    expect(await search({ StreamIds: ['room1', 'other'] })).toEqual([ofStream]);
    expect(await search({ StreamId: 'room1' })).toEqual([ofStream]);
    expect(await search({ StreamDomains: ['push.example.com'], StreamPaths: ['live'] })).toEqual([
      ofStream,
    ]);
    expect(await search({ StreamPaths: ['other'] })).toEqual([]);
    expect(await search({ TrtcRoomIds: ['class-7'] })).toEqual([ofRoom]);
    expect(await search({ TrtcSdkAppIds: [1_400_000_001] })).toEqual([ofRoom]);
    expect(await search({ SourceTypes: ['Record'] })).toEqual([ofStream]);
    expect(await search({ SourceType: 'TrtcRecord' })).toEqual([ofRoom]);
    expect(await search({ SourceTypes: ['Upload'] })).toEqual([uploaded]);
  });
});
