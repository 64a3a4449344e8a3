import { describe, expect, it } from 'vitest';
import { localAccount } from '../../../../tools/local/emulator/account.ts';
import { perTest } from '../../../support/per-test.ts';
import { openApiStage, refusalOf } from './api/api-stage.ts';
import { silentWav } from './ugc/media-samples.ts';
import { putObject } from './ugc/storage-client.ts';
import { askUgc, doUgc, signFields } from './ugc/upload-client.ts';

const OTHER = 1_500_000_002;
const SAMPLE = 'http://samples.example.com/tone.wav';
const wav = Buffer.from(silentWav(1));
const video = { videoName: 'holiday', videoType: 'wav', videoSize: wav.length };
const film = { name: 'film', type: 'wav', seconds: 1, classId: 0, procedure: null } as const;

const stage = perTest(() =>
  openApiStage({
    account: { ...localAccount(), otherSubAppIds: [OTHER] },
    names: { procedures: ['Thumbnails'], classIds: [7] },
  }),
);

const acceptAll = () => stage.reopen({ names: { unknownNames: 'accept' } });
const origin = () => `http://${stage.host}/__vod`;

function sign(fields: Readonly<Record<string, string | number>>): string {
  const { secretId, secretKey } = stage.account;
  const currentTimeStamp = Math.floor(Date.now() / 1_000);
  const times = { currentTimeStamp, expireTime: currentTimeStamp + 3_600 };
  return signFields(secretKey, { secretId, ...times, random: 7, ...fields });
}

/** Uploads with one signature, as the SDKs for Android and iOS do. */
async function upload(fields: Readonly<Record<string, string | number>>): Promise<string> {
  const signature = sign(fields);
  const applied = await doUgc(origin(), 'ApplyUploadUGC', { signature, ...video });
  await putObject(origin(), applied, applied.video?.storagePath ?? '', wav);
  const { vodSessionKey } = applied;
  return (await doUgc(origin(), 'CommitUploadUGC', { signature, vodSessionKey })).fileId;
}

async function eventOf(eventType: string) {
  for (;;) {
    const { body } = await stage.receiver.next();
    if (body['EventType'] === eventType) return body;
  }
}

const NO_PROCEDURE = expect.stringMatching(
  /there is no procedure Thumbnial: .*VOD_PROCEDURES or serverless\.yml.*VOD_UNKNOWN_NAMES=accept/,
);
const NO_CLASS = expect.stringMatching(
  /there is no category 8: .*CreateClass.*VOD_CLASS_IDS or serverless\.yml.*VOD_UNKNOWN_NAMES=accept/,
);

describe('an unknown name', () => {
  it.each([
    [{ procedure: 'Thumbnial' }, NO_PROCEDURE],
    [{ classId: 8 }, NO_CLASS],
  ])('in a signature, %j, is refused by ApplyUploadUGC', async (fields, message) => {
    const signature = sign(fields);

    expect(await askUgc(origin(), 'ApplyUploadUGC', { signature, ...video })).toEqual({
      code: 10011,
      message,
    });
  });

  it('does not use up a one-time signature', async () => {
    const signature = sign({ classId: 8, oneTimeValid: 1 });
    await askUgc(origin(), 'ApplyUploadUGC', { signature, ...video });
    await acceptAll();

    await doUgc(origin(), 'ApplyUploadUGC', { signature, ...video });
  });

  it.each([
    [{ Procedure: 'Thumbnial' }, NO_PROCEDURE],
    [{ ClassId: 8 }, NO_CLASS],
  ])('in a request, %j, is refused by ApplyUpload and PullUpload', async (fields, message) => {
    const refused = { code: 'InvalidParameterValue', message };

    const apply = stage.client.ApplyUpload({ MediaType: 'wav', ...fields });
    expect(await refusalOf(apply)).toMatchObject(refused);
    const pull = stage.client.PullUpload({ MediaUrl: SAMPLE, SessionId: 'once', ...fields });
    expect(await refusalOf(pull)).toMatchObject(refused);
    // The refused pull has not used its SessionId.
    await stage.client.PullUpload({ MediaUrl: SAMPLE, SessionId: 'once' });
  });

  it('is refused for a flow that is requested later, with the documented code', async () => {
    const FileId = await upload({});
    const flow = stage.client.ProcessMediaByProcedure({ FileId, ProcedureName: 'Thumbnial' });

    expect(await refusalOf(flow)).toMatchObject({
      code: 'InvalidParameterValue.ProcedureName',
      message: NO_PROCEDURE,
    });
  });

  it.each([
    [{ procedure: 'Thumbnial' }, NO_PROCEDURE],
    [{ classId: 8 }, NO_CLASS],
  ])('on the console’s page, %j, is refused', async (fields, message) => {
    const { arrivals } = stage.emulator();

    expect(await refusalOf(arrivals.uploadFromConsole({ ...film, ...fields }))).toMatchObject({
      message,
    });
  });

  it('does not matter for a new cover, which changes neither', async () => {
    const fileId = await upload({});
    const signature = sign({ classId: 8, procedure: 'Thumbnial' });
    const cover = { coverName: 'beach', coverType: 'png', coverSize: 100 };

    await doUgc(origin(), 'ApplyUploadUGC', { signature, fileId, ...cover });
  });
});

describe('a known name', () => {
  it('is a preset, one of the settings, or none', async () => {
    await upload({ procedure: 'LongVideoPreset', classId: 0 });
    await upload({ procedure: 'SimpleAesEncryptPreset' });
    await upload({ procedure: 'Thumbnails', classId: 7 });
    await upload({ procedure: '' });

    expect(stage.emulator().media()).toHaveLength(4);
  });

  it('is listed by the API, and a new category gets another id', async () => {
    const { ProcedureTemplateSet } = await stage.client.DescribeProcedureTemplates({
      Type: 'Custom',
    });
    const { ClassId = 0 } = await stage.client.CreateClass({ ParentId: 7, ClassName: 'shows' });
    const { ClassInfoSet } = await stage.client.DescribeAllClass({});

    expect(ProcedureTemplateSet).toMatchObject([{ Name: 'Thumbnails' }]);
    expect(ClassInfoSet).toMatchObject([
      { ClassId: 0, Level: 0 },
      { ClassId: 7, ClassName: 'Category 7', Level: 0, SubClassIdSet: [ClassId] },
      { ClassId, ClassName: 'shows', ParentId: 7, Level: 1 },
    ]);
    expect(ClassId).toBe(8);
    await upload({ classId: ClassId });
    expect(await eventOf('NewFileUpload')).toMatchObject({
      FileUploadEvent: { MediaBasicInfo: { ClassId, ClassPath: 'Category 7-shows' } },
    });
  });

  it('is a category of the same application', async () => {
    const { ClassId = 0 } = await stage.client.CreateClass({ ParentId: -1, ClassName: 'shows' });

    await upload({ classId: ClassId });

    const signature = sign({ classId: ClassId, vodSubAppId: OTHER });
    expect(await askUgc(origin(), 'ApplyUploadUGC', { signature, ...video })).toMatchObject({
      message: expect.stringContaining(`no category ${ClassId}`),
    });
  });
});

describe('an unknown name that is accepted', () => {
  it('becomes category 0', async () => {
    await acceptAll();

    await upload({ classId: 8 });
    const uploaded = await eventOf('NewFileUpload');
    await stage.client.PullUpload({ MediaUrl: SAMPLE, ClassId: 8 });
    const pulled = await eventOf('PullComplete');
    await stage.emulator().arrivals.uploadFromConsole({ ...film, classId: 8 });
    const chosen = await eventOf('NewFileUpload');

    const other = { MediaBasicInfo: { ClassId: 0, ClassName: 'Other' } };
    expect(uploaded).toMatchObject({ FileUploadEvent: other });
    expect(pulled).toMatchObject({ PullCompleteEvent: other });
    expect(chosen).toMatchObject({ FileUploadEvent: other });
  });

  it.each(['Finish', 'Change'] as const)(
    'starts a flow without results that ends with an error: %s',
    async (taskNotifyMode) => {
      await acceptAll();

      const FileId = await upload({ procedure: 'Thumbnial', taskNotifyMode });
      const uploaded = await eventOf('NewFileUpload');
      const steps = [await eventOf('ProcedureStateChanged')];
      if (taskNotifyMode === 'Change') {
        steps.push(await eventOf('ProcedureStateChanged'), await eventOf('ProcedureStateChanged'));
      }

      const tasks = steps.map(({ ProcedureStateChangeEvent: task }) => Object(task));
      const { TaskId, Status, ErrCode, Message } = tasks.at(-1);
      expect({ Status, ErrCode, Message }).toEqual({
        ...{ Status: 'FINISH', ErrCode: 40_000, Message: 'There is no procedure Thumbnial' },
      });
      expect(uploaded).toMatchObject({ FileUploadEvent: { FileId, ProcedureTaskId: TaskId } });
      for (const task of tasks) expect(task).toMatchObject({ TaskId, MediaProcessResultSet: [] });
      for (const task of tasks.slice(0, -1)) {
        expect(task).toMatchObject({ Status: 'PROCESSING', ErrCode: 0 });
      }
      const { ProcedureTask } = await stage.client.DescribeTaskDetail({ TaskId });
      expect(ProcedureTask).toMatchObject({ Status: 'FINISH', ErrCode: 40_000 });
    },
  );

  it('has no results while its flow runs either', async () => {
    await stage.reopen({ names: { unknownNames: 'accept' }, procedureMilliseconds: 600_000 });
    const FileId = await upload({});

    const { TaskId = '' } = await stage.client.ProcessMediaByProcedure({
      ...{ FileId, ProcedureName: 'Thumbnial' },
    });

    const { ProcedureTask } = await stage.client.DescribeTaskDetail({ TaskId });
    expect(ProcedureTask).toMatchObject({ Status: 'PROCESSING', MediaProcessResultSet: [] });
  });
});
