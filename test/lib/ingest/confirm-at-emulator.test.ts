import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VodApi } from '../../../lib/vod/client.ts';
import type { RawEvent } from '../../../lib/vod/event.ts';
import { connectVod } from '../../support/connect-vod.ts';
import { type ApiStage, openApiStage } from '../../tools/local/emulator/api/api-stage.ts';
import { confirm, confirmed, DENIED, deletion, procedure, upload } from './confirm-stage.ts';

describe('confirmEvent() at the emulator', () => {
  let stage: ApiStage;
  let api: VodApi;
  let pulled: RawEvent;
  let processed: RawEvent;
  let fileId: string;

  beforeAll(async () => {
    stage = await openApiStage();
    const { secretId, secretKey } = stage.account;
    api = connectVod(stage.host, { credentials: { secretId, secretKey } });
    await stage.client.PullUpload({
      MediaUrl: 'http://samples.example.com/video.mp4',
      SourceContext: 'mine',
      Procedure: 'LongVideoPreset',
    });
    pulled = (await stage.receiver.next()).body;
    processed = (await stage.receiver.next()).body;
    fileId = String(Object(pulled['PullCompleteEvent']).FileId);
  });
  afterAll(() => stage.close());

  it.each([
    ['a pull', () => pulled],
    ['the end of a flow', () => processed],
  ])('confirms %s as VOD has sent it', async (_name, body) => {
    expect(await confirm(body(), api)).toEqual(confirmed(body()));
  });

  it('confirms an uploaded file, with the task flow that it started', async () => {
    const forged = { MediaBasicInfo: { Name: 'forged', MediaUrl: 'https://evil.example/' } };
    const { MediaBasicInfo, MetaData, ProcedureTaskId } = Object(pulled['PullCompleteEvent']);

    const confirmation = await confirm(upload(fileId, forged), api);

    expect(confirmation).toEqual(
      confirmed(upload(fileId, { MediaBasicInfo, MetaData, ProcedureTaskId })),
    );
  });

  it('replaces forged details by those of VOD', async () => {
    const forged = structuredClone(pulled);
    const task = Object(forged['PullCompleteEvent']);
    task.FileId = '7';
    task.ErrCode = 60_000;
    task.MediaBasicInfo = { SourceInfo: { SourceContext: 'forged' } };

    expect(await confirm(forged, api)).toEqual(confirmed(pulled));
  });

  it('reports the present state of a flow where a step arrives late', async () => {
    const body = structuredClone(processed);
    Object(body['ProcedureStateChangeEvent']).Status = 'PROCESSING';

    expect(await confirm(body, api)).toEqual(confirmed(processed));
  });

  it.each([
    [
      'a pull that does not exist',
      {
        EventType: 'PullComplete',
        PullCompleteEvent: { TaskId: '1500000001-pull-0', Status: 'FINISH' },
      },
    ],
    ['a flow that does not exist', procedure({ TaskId: '1500000001-Procedure-0' })],
    ['a flow with a malformed id', procedure({ TaskId: 'no id\u0000' })],
  ])('denies %s', async (_name, body) => {
    expect(await confirm(body, api)).toEqual(DENIED);
  });

  it('denies the upload of a file that does not exist, and returns its id and source context', async () => {
    const gone = '5285890700000000404';
    const SourceInfo = { SourceType: 'Upload', SourceContext: 'context' };
    const MediaBasicInfo = { SourceInfo: { ...SourceInfo, Other: 1 }, Name: 'forged' };
    const body = upload(gone, { MediaBasicInfo });

    expect(await confirm(body, api)).toEqual({
      kind: 'failed',
      error: 'denied',
      absent: {
        eventType: 'NewFileUpload',
        task: { FileId: gone, MediaBasicInfo: { SourceInfo } },
      },
    });
  });

  it('looks again at the deletion of a file that exists', async () => {
    expect(await confirm(deletion([fileId]), api)).toMatchObject({ kind: 'unshown' });
  });

  it('denies a pull whose task is of another kind', async () => {
    const { TaskId } = Object(processed['ProcedureStateChangeEvent']);
    const PullCompleteEvent = { TaskId, Status: 'FINISH', FileId: fileId };

    expect(await confirm({ EventType: 'PullComplete', PullCompleteEvent }, api)).toEqual(DENIED);
  });
});
