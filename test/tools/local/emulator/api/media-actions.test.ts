import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { omitNulls } from '../../../../support/null-members.ts';
import { perTest } from '../../../../support/per-test.ts';
import { blackPng } from '../ugc/media-samples.ts';
import { openApiStage, refusalOf } from './api-stage.ts';

const stage = perTest(() => openApiStage());
let fileId: string;

beforeEach(async () => {
  fileId = await bring();
});
afterEach(() => void vi.useRealTimers());

/** Pulls a sample, waits for its event and returns its id. */
async function bring(): Promise<string> {
  await stage.client.PullUpload({
    MediaUrl: 'http://samples.example.com/video.mp4',
    CoverUrl: 'http://samples.example.com/cover.png',
  });
  const { body } = await stage.receiver.next();
  return String(Reflect.get(Object(body['PullCompleteEvent']), 'FileId'));
}

async function describeMedia(FileIds = [fileId], Filters: string[] = []) {
  const { MediaInfoSet } = await stage.client.DescribeMediaInfos({ FileIds, Filters });
  return MediaInfoSet?.[0];
}

const statusOf = async (url: string | undefined) => (await fetch(url ?? '')).status;

describe('DescribeMediaInfos', () => {
  it('returns all data of media, and the ids that do not exist', async () => {
    const { MediaInfoSet, NotExistFileIdSet } = await stage.client.DescribeMediaInfos({
      FileIds: ['7', fileId],
    });

    expect(NotExistFileIdSet).toEqual(['7']);
    expect(MediaInfoSet).toMatchObject([
      {
        FileId: fileId,
        BasicInfo: { Name: 'video', Type: 'mp4', Status: 'Normal', Description: '', TagSet: [] },
        MetaData: { Duration: 2 },
        TranscodeInfo: null,
        KeyFrameDescInfo: null,
      },
    ]);
  });

  it('returns only the requested parts', async () => {
    expect(await describeMedia([fileId], ['metaData'])).toMatchObject({
      BasicInfo: null,
      MetaData: { Duration: 2 },
    });
  });

  it('accepts 20 media, but not 0 or 21', async () => {
    const ids = (length: number) => Array.from({ length }, (_, index) => String(index));
    const call = (length: number) => stage.client.DescribeMediaInfos({ FileIds: ids(length) });

    expect((await call(20)).NotExistFileIdSet).toHaveLength(20);
    expect(await refusalOf(call(0))).toMatchObject({ code: 'InvalidParameterValue.FileIdsEmpty' });
    expect(await refusalOf(call(21))).toMatchObject({
      code: 'InvalidParameterValue.FileIdsOverLimit',
    });
    expect(await refusalOf(describeMedia([fileId], ['everything']))).toMatchObject({
      code: 'InvalidParameterValue',
    });
  });
});

describe('ModifyMediaInfo', () => {
  it('changes only the given fields', async () => {
    const before = await describeMedia();
    const { ClassId } = await stage.client.CreateClass({ ParentId: -1, ClassName: 'sports' });

    await stage.client.ModifyMediaInfo({
      ...{ FileId: fileId, Description: 'At the beach', ClassId: ClassId ?? 0 },
      ...{ ExpireTime: '2099-01-01T00:00:00Z', AddTags: ['sea', 'sun'] },
    });
    await stage.reopen();
    const after = await describeMedia();

    expect(after?.BasicInfo).toEqual({
      ...before?.BasicInfo,
      ...{ Description: 'At the beach', ExpireTime: '2099-01-01T00:00:00Z' },
      ...{ ClassId, ClassName: 'sports', ClassPath: 'sports', TagSet: ['sea', 'sun'] },
      UpdateTime: expect.any(String),
    });
    await stage.client.ModifyMediaInfo({ FileId: fileId, ExpireTime: '9999-12-31T23:59:59Z' });
    expect((await describeMedia())?.BasicInfo?.ExpireTime).toBe('9999-12-31T23:59:59Z');
  });

  it('replaces the cover, and removes the previous one', async () => {
    const before = (await describeMedia())?.BasicInfo?.CoverUrl;
    const cover = blackPng(8, 4);

    const { CoverUrl } = await stage.client.ModifyMediaInfo({
      FileId: fileId,
      CoverData: cover.toString('base64'),
    });

    expect((await describeMedia())?.BasicInfo?.CoverUrl).toBe(CoverUrl);
    expect(Buffer.from(await (await fetch(CoverUrl ?? '')).arrayBuffer())).toEqual(cover);
    expect(await statusOf(before)).toBe(404);
  });

  it('adds, deletes and clears tags', async () => {
    const modify = async (change: object) => {
      await stage.client.ModifyMediaInfo({ FileId: fileId, ...change });
      return (await describeMedia())?.BasicInfo?.TagSet;
    };

    expect(await modify({ AddTags: ['a', 'b', 'a'] })).toEqual(['a', 'b']);
    expect(await modify({ AddTags: ['c'], DeleteTags: ['a'] })).toEqual(['b', 'c']);
    expect(await modify({ ClearTags: 1 })).toEqual([]);
  });

  const tags = (length: number) => Array.from({ length }, (_, index) => `tag ${index}`);

  it.each([
    [{ Name: '한'.repeat(64), Description: 'x'.repeat(128), AddTags: tags(16) }],
    [{ AddTags: ['x'.repeat(32)] }],
  ])('accepts values at their limits', async (change) => {
    await stage.client.ModifyMediaInfo({ FileId: fileId, ...change });
  });

  it.each([
    [{ FileId: '7' }, 'ResourceNotFound.FileNotExist'],
    [{ Name: 'x'.repeat(65) }, 'InvalidParameterValue.Name'],
    [{ Description: 'x'.repeat(129) }, 'InvalidParameterValue.Description'],
    [{ ExpireTime: '2001-01-01T00:00:00Z' }, 'InvalidParameterValue.ExpireTime'],
    [{ CoverData: 'no image' }, 'InvalidParameterValue.ImageDecodeError'],
    [{ CoverData: 'Qk0=' }, 'InvalidParameterValue.ImageDecodeError'],
    [{ AddTags: ['x'.repeat(33)] }, 'InvalidParameterValue.TagTooLong'],
    [{ AddTags: tags(17) }, 'LimitExceeded.TagCountReachMax'],
    [{ AddTags: ['a'], ClearTags: 1 }, 'InvalidParameterValue.AddTagsAndClearTagsConflict'],
    [{ AddTags: ['a'], DeleteTags: ['a'] }, 'InvalidParameterValue.AddTagsAndDeleteTagsConflict'],
    [{ ClearSubtitles: 1 }, 'UnsupportedOperation'],
  ])('refuses %j with %s and changes nothing', async (change, code) => {
    const before = await describeMedia();

    expect(
      await refusalOf(stage.client.ModifyMediaInfo({ FileId: fileId, ...change })),
    ).toMatchObject({ code });
    expect(await describeMedia()).toEqual(before);
  });
});

describe('DeleteMedia', () => {
  it('removes a media with its files and sends an event', async () => {
    const info = (await describeMedia())?.BasicInfo;

    await stage.client.DeleteMedia({ FileId: fileId });
    const { body } = await stage.receiver.next();

    expect(body).toMatchObject({
      EventType: 'FileDeleted',
      FileDeleteEvent: { FileIdSet: [fileId] },
    });
    expect(await describeMedia()).toBeUndefined();
    expect([await statusOf(info?.MediaUrl), await statusOf(info?.CoverUrl)]).toEqual([404, 404]);
    expect(await refusalOf(stage.client.DeleteMedia({ FileId: fileId }))).toMatchObject({
      code: 'ResourceNotFound',
    });
  });

  it('deletes some of its files and keeps the media', async () => {
    const info = (await describeMedia())?.BasicInfo;
    const remove = (Type: string) =>
      stage.client.DeleteMedia({ FileId: fileId, DeleteParts: [{ Type }] });

    await remove('TranscodeFiles');
    expect(await statusOf(info?.MediaUrl)).toBe(200);
    await remove('OriginalFiles');
    const [, second] = [await stage.receiver.next(), await stage.receiver.next()];

    expect(await statusOf(info?.MediaUrl)).toBe(404);
    expect((await describeMedia())?.BasicInfo).toMatchObject({ MediaUrl: '', CoverUrl: '' });
    expect(second.body).toMatchObject({
      FileDeleteEvent: {
        FileDeleteResultInfo: [
          { FileId: fileId, DeleteParts: [{ Type: 'OriginalFiles', Definition: 0 }] },
        ],
      },
    });
    expect(await refusalOf(remove('Everything'))).toMatchObject({ code: 'InvalidParameterValue' });
  });
});

describe('ProcessMediaByProcedure', () => {
  const request = () => ({ FileId: fileId, ProcedureName: 'LongVideoPreset' });

  it('runs a flow that can be queried while it runs and afterwards', async () => {
    const { TaskId = '' } = await stage.client.ProcessMediaByProcedure({
      ...request(),
      ...{ SessionContext: 'basket 9', SessionId: 'once', TasksPriority: 5 },
    });
    const { body } = await stage.receiver.next();
    const detail = await stage.client.DescribeTaskDetail({ TaskId });

    expect(body['EventType']).toBe('ProcedureStateChanged');
    expect(detail).toMatchObject({
      ...{ TaskType: 'Procedure', Status: 'FINISH', PullUploadTask: null },
      ProcedureTask: {
        ...{ TaskId, Status: 'FINISH', FileId: fileId, SessionId: 'once' },
        ...{ SessionContext: 'basket 9', TasksPriority: 5 },
      },
    });
    expect(body['ProcedureStateChangeEvent']).toEqual(omitNulls(detail.ProcedureTask));
  });

  it('returns a running flow', async () => {
    await stage.reopen({ procedureMilliseconds: 600_000 });
    const { TaskId = '' } = await stage.client.ProcessMediaByProcedure(request());

    expect(await stage.client.DescribeTaskDetail({ TaskId })).toMatchObject({
      ...{ Status: 'PROCESSING', FinishTime: '' },
      ProcedureTask: { TaskId, Status: 'PROCESSING' },
    });
  });

  it('refuses a SessionId that was used in the last seven days', async () => {
    const begin = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: begin });
    const call = () => stage.client.ProcessMediaByProcedure({ ...request(), SessionId: 'once' });
    await call();

    vi.setSystemTime(begin + 7 * 86_400_000 - 1_000);
    expect(await refusalOf(call())).toMatchObject({ code: 'InvalidParameterValue.SessionId' });
    vi.setSystemTime(begin + 7 * 86_400_000);
    expect(await call()).toMatchObject({ TaskId: expect.any(String) });
  });

  it.each([
    [{ FileId: '7' }, 'InvalidParameterValue.FileId'],
    [{ FileId: '' }, 'MissingParameter'],
    [{ ProcedureName: '' }, 'InvalidParameterValue.ProcedureName'],
    [{ TasksPriority: -11 }, 'InvalidParameterValue'],
    [{ TasksNotifyMode: 'Always' }, 'InvalidParameterValue'],
    [{ SessionContext: 'x'.repeat(1_001) }, 'InvalidParameterValue.SessionContextTooLong'],
    [{ SessionId: 'x'.repeat(51) }, 'InvalidParameterValue.SessionIdTooLong'],
  ])('refuses %j with %s', async (change, code) => {
    expect(
      await refusalOf(stage.client.ProcessMediaByProcedure({ ...request(), ...change })),
    ).toMatchObject({ code });
  });
});

describe('DescribeProcedureTemplates', () => {
  it('returns the presets, by name and by type', async () => {
    const all = await stage.client.DescribeProcedureTemplates({});
    const named = await stage.client.DescribeProcedureTemplates({ Names: ['LongVideoPreset'] });
    const custom = await stage.client.DescribeProcedureTemplates({ Type: 'Custom' });

    expect(all).toMatchObject({
      TotalCount: 2,
      ProcedureTemplateSet: [
        { Name: 'LongVideoPreset', Type: 'Preset' },
        { Name: 'SimpleAesEncryptPreset', Type: 'Preset' },
      ],
    });
    expect(named.TotalCount).toBe(1);
    expect(custom).toMatchObject({ TotalCount: 0, ProcedureTemplateSet: [] });
    expect(await refusalOf(stage.client.DescribeProcedureTemplates({ Limit: 101 }))).toMatchObject({
      code: 'InvalidParameterValue.Limit',
    });
  });
});
