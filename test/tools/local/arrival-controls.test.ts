import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import { describe, expect, it } from 'vitest';
import { happens } from '../../support/activities.ts';
import { useStack } from '../../support/stack-stage.ts';

const OTHER = 1_500_000_002;
const tenants = { claim: 'org', subAppIds: { acme: OTHER } };

const stage = useStack(() => ({
  emulator: { attemptWaits: [0, 20, 20] },
  custom: { upload: { policy: { tenants } } },
}));

async function post(path: string, body: unknown) {
  const response = await fetch(`${stage.stack.origin}/__local/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { status: response.status, json: JSON.parse(await response.text()) };
}

/** Returns the number of media with this id in an application. */
async function countIn(SubAppId: number, FileId: string) {
  const { account, origin } = stage.stack;
  const client = new Client({
    credential: { secretId: account.secretId, secretKey: account.secretKey },
    region: 'ap-singapore',
    profile: { httpProfile: { endpoint: new URL(origin).host, protocol: 'http://' } },
  });
  const { MediaInfoSet } = await client.DescribeMediaInfos({ SubAppId, FileIds: [FileId] });
  return MediaInfoSet?.length;
}

function told(fileId: string) {
  return happens(stage.stack, 'notification', (sent) => sent.fileId === fileId);
}

describe('the controls for media that no program uploads', () => {
  it.each([
    ['console-upload', {}, 'Upload', {}],
    [
      'live-recording',
      { streamId: 'room1', path: 'show' },
      'Record',
      { LiveRecordInfo: { StreamId: 'room1', Domain: 'push.example.com', Path: 'show' } },
    ],
    [
      'trtc-recording',
      { roomId: 'class-7', userIds: ['a'] },
      'TrtcRecord',
      { TrtcRecordInfo: { RoomId: 'class-7', UserIds: ['a'] } },
    ],
    [
      'web-page-recording',
      { recordUrl: 'https://board.example.com' },
      'WebPageRecord',
      { WebPageRecordInfo: { RecordUrl: 'https://board.example.com' } },
    ],
  ])('create a media with %s', async (control, body, sourceType, info) => {
    const { status, json } = await post(control, { ...body, seconds: 3 });

    expect(status).toBe(200);
    expect((await told(json.fileId)).event).toMatchObject({
      EventType: 'NewFileUpload',
      FileUploadEvent: {
        MediaBasicInfo: { SourceInfo: { SourceType: sourceType, ...info } },
        MetaData: { Duration: 3 },
      },
    });
    expect((await fetch(json.mediaUrl)).headers.get('content-length')).not.toBe('0');
  });

  it('set the start and end of a live recording', async () => {
    const { json } = await post('live-recording', { streamId: 'room1', seconds: 60 });

    const { event } = await told(json.fileId);
    const { MediaBasicInfo } = Object(event['FileUploadEvent']);
    const { RecordStartTime, RecordEndTime } = MediaBasicInfo.SourceInfo.LiveRecordInfo;
    expect(Date.parse(RecordEndTime) - Date.parse(RecordStartTime)).toBe(60_000);
  });

  it('pull a URL with console-pull', async () => {
    const mediaUrl = 'http://samples.example.com/video.mp4';
    const { status, json } = await post('console-pull', { mediaUrl });

    expect(status).toBe(200);
    const { fileId = '' } = await happens(
      stage.stack,
      'pull',
      (pull) => pull.taskId === json.taskId && pull.status === 'FINISH',
    );
    expect((await told(fileId)).event).toMatchObject({ EventType: 'PullComplete' });
  });

  it.each([
    ['console-upload', {}],
    ['console-pull', { mediaUrl: 'http://samples.example.com/tone.wav' }],
    ['live-recording', { streamId: 'room1' }],
    ['trtc-recording', { roomId: 'class-7' }],
    ['web-page-recording', { recordUrl: 'https://board.example.com' }],
  ])('use the named application for %s', async (control, body) => {
    const { status } = await post(control, { ...body, subAppId: OTHER });
    const { event } = await happens(
      stage.stack,
      'notification',
      ({ outcome }) => outcome !== 'held',
    );
    const { FileUploadEvent, PullCompleteEvent } = event;
    const { FileId } = Object(FileUploadEvent ?? PullCompleteEvent);

    expect(status).toBe(200);
    expect(await countIn(OTHER, FileId)).toBe(1);
    expect(await countIn(stage.stack.account.subAppId, FileId)).toBe(0);
  });

  it.each([
    ['console-upload', { subAppId: 7 }, 'SubAppId 7 is not an application of this account'],
    ['console-upload', { subAppId: 'acme' }, 'subAppId'],
    ['console-upload', { name: 'film.exe' }, 'name: must end in one of mp4, wav, png'],
    ['console-upload', { seconds: 601 }, 'seconds'],
    ['console-pull', {}, 'mediaUrl'],
    ['console-pull', { mediaUrl: 'ftp://example.com/a.mp4' }, 'not an http or https URL'],
    ['live-recording', {}, 'streamId'],
    ['live-recording', { streamId: 'a', storageRegion: 'ap-tokyo' }, 'storageRegion'],
  ])('refuse %s with %j', async (control, body, detail) => {
    const { status, json } = await post(control, body);

    expect(status).toBe(400);
    expect(json.detail).toContain(detail);
  });
});
