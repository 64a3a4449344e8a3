import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { confirmEvent } from '../../../lib/ingest/confirm-event.ts';
import { clock } from '../../../lib/system.ts';
import { createVodApi, type VodApi } from '../../../lib/vod/client.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { identifyEvent } from '../../../lib/vod/event-id.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };
import {
  type AnswerVodCall,
  refuse,
  startVodServer,
  succeed,
  type VodCall,
  type VodServer,
} from '../../support/vod-server.ts';
import { type ApiStage, openApiStage } from '../../tools/local/emulator/api/api-stage.ts';

function connect(endpoint: string, secretId: string, secretKey: string): VodApi {
  return createVodApi(
    { endpoint, protocol: 'http', region: undefined, subAppId: undefined, pullsPerSecond: 100 },
    {
      readCredentials: () => ({ secretId, secretKey, token: undefined }),
      clock: { ...clock, sleep: async () => {} },

      random: { fraction: () => 0 },
    },
  );
}

function confirm(body: RawEvent, api: VodApi) {
  return confirmEvent(parseVodEvent(body), api, {});
}

function upload(FileId: string, fields: object = {}): RawEvent {
  return { EventType: 'NewFileUpload', FileUploadEvent: { FileId, ...fields } };
}

function deletion(FileIdSet: readonly string[], results: unknown = []): RawEvent {
  return {
    EventType: 'FileDeleted',
    FileDeleteEvent: { FileIdSet, FileDeleteResultInfo: results },
  };
}

function procedure(fields: object): RawEvent {
  const task = { TaskId: 'proc-1', Status: 'FINISH', FileId: '1', ...fields };
  return { EventType: 'ProcedureStateChanged', ProcedureStateChangeEvent: task };
}

describe('confirmEvent() at the emulator', () => {
  let stage: ApiStage;
  let api: VodApi;
  let pulled: RawEvent;
  let processed: RawEvent;
  let fileId: string;

  beforeAll(async () => {
    stage = await openApiStage();
    api = connect(stage.host, stage.account.secretId, stage.account.secretKey);
    await stage.client.PullUpload({
      MediaUrl: 'http://samples.example.com/video.mp4',
      SourceContext: 'mine',
      Procedure: 'any',
    });
    pulled = (await stage.receiver.next()).body;
    processed = (await stage.receiver.next()).body;
    fileId = String(Object(pulled['PullCompleteEvent']).FileId);
  });
  afterAll(() => stage.close());

  it.each([
    ['a pull', () => pulled],
    ['the end of a flow', () => processed],
  ])('confirms %s in the words in which it was sent', async (_name, body) => {
    const event = parseVodEvent(body());

    expect(await confirm(body(), api)).toEqual({ kind: 'done', confirmed: true, event });
  });

  it('confirms a media, and finds the flow that began with it', async () => {
    const forged = { MediaBasicInfo: { Name: 'forged', MediaUrl: 'https://evil.example/' } };
    const { MediaBasicInfo, MetaData, ProcedureTaskId } = Object(pulled['PullCompleteEvent']);

    const confirmation = await confirm(upload(fileId, forged), api);

    expect(confirmation).toEqual({
      kind: 'done',
      confirmed: true,
      event: parseVodEvent(upload(fileId, { MediaBasicInfo, MetaData, ProcedureTaskId })),
    });
  });

  it('believes nothing of what is pushed along', async () => {
    const forged = structuredClone(pulled);
    const task = Object(forged['PullCompleteEvent']);
    task.FileId = '7';
    task.ErrCode = 60_000;
    task.MediaBasicInfo = { SourceInfo: { SourceContext: 'forged' } };

    expect(await confirm(forged, api)).toEqual({
      kind: 'done',
      confirmed: true,
      event: parseVodEvent(pulled),
    });
  });

  it('says what a flow is at now, where a step of it comes late', async () => {
    const body = structuredClone(processed);
    Object(body['ProcedureStateChangeEvent']).Status = 'PROCESSING';

    expect(await confirm(body, api)).toEqual({
      kind: 'done',
      confirmed: true,
      event: parseVodEvent(processed),
    });
  });

  it.each([
    [
      'a pull that is not',
      {
        EventType: 'PullComplete',
        PullCompleteEvent: { TaskId: '1500000001-pull-0', Status: 'FINISH' },
      },
    ],
    ['a flow that is not', procedure({ TaskId: '1500000001-Procedure-0' })],
    ['a flow whose id is none', procedure({ TaskId: 'no id\u0000' })],
  ])('denies %s', async (_name, body) => {
    expect(await confirm(body, api)).toEqual({ kind: 'failed', error: 'denied' });
  });

  it('denies the arrival of a file that is not there, and hands on what its upload is known by', async () => {
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

  it('denies the deletion of a media that is there', async () => {
    expect(await confirm(deletion([fileId]), api)).toEqual({ kind: 'failed', error: 'denied' });
  });

  it('denies a pull whose task is one of another kind', async () => {
    const { TaskId } = Object(processed['ProcedureStateChangeEvent']);
    const PullCompleteEvent = { TaskId, Status: 'FINISH', FileId: fileId };

    expect(await confirm({ EventType: 'PullComplete', PullCompleteEvent }, api)).toEqual({
      kind: 'failed',
      error: 'denied',
    });
  });
});

describe('confirmEvent()', () => {
  let server: VodServer | undefined;

  afterEach(() => server?.close());

  async function answering(answers: Readonly<Record<string, object | string>>) {
    return serving((response, { action }) => {
      const answer = answers[action] ?? {};
      if (typeof answer === 'string') refuse(response, answer);
      else succeed(response, answer);
    });
  }

  async function serving(answer: AnswerVodCall) {
    server = await startVodServer(answer);
    return connect(server.endpoint, 'AKIDexample', 'secret-key-example');
  }

  const calls = () => server?.calls.map(({ action, parameters }) => [action, parameters]);
  const MEDIA = { MediaInfoSet: [{ FileId: '1', BasicInfo: { Name: 'a' }, MetaData: null }] };

  const long = 'x'.repeat(5_000_000);

  it.each([
    ['a file', upload(long)],
    ['a file whose id is none', upload('no id\u0000')],
    ['a deletion', deletion([long])],
    ['a task flow', procedure({ TaskId: long })],
    ['a task', { EventType: 'EditMediaComplete', EditMediaCompleteEvent: { TaskId: long } }],
  ])('asks VOD nothing about %s by an id of any length', async (_name, body) => {
    const api = await answering({ DescribeMediaInfos: MEDIA });

    expect(await confirm(body, api)).toEqual({ kind: 'failed', error: 'denied' });
    expect(calls()).toEqual([]);
  });

  it('asks nothing about such tasks of a file, and about the good ones of its company in a deletion', async () => {
    const api = await answering({
      DescribeMediaInfos: { ...MEDIA, NotExistFileIdSet: ['2'] },
    });

    await confirm(upload('1', { ProcedureTaskId: long, ReviewAudioVideoTaskId: {} }), api);
    await confirm(deletion([long, '2', 'no id\u0000']), api);

    const asked = calls()?.map(([action, parameters]) => [action, JSON.stringify(parameters)]);
    expect(asked?.map(([action]) => action).sort()).toEqual([
      ...['DescribeMediaInfos', 'DescribeMediaInfos', 'DescribeTasks'],
    ]);
    expect(asked?.at(-1)).toEqual([
      'DescribeMediaInfos',
      '{"FileIds":["2"],"Filters":["basicInfo","metaData"]}',
    ]);
  });

  it.each([
    ['a flow', 'ProcedureTaskId', { ProcedureTask: { FileId: '1' } }],
    ['a review', 'ReviewAudioVideoTaskId', { ReviewAudioVideoTask: { Input: { FileId: '1' } } }],
  ])('leaves a media %s that is about it', async (_name, field, detail) => {
    const api = await answering({ DescribeMediaInfos: MEDIA, DescribeTaskDetail: detail });

    expect(await confirm(upload('1', { [field]: 'task-1' }), api)).toEqual({
      kind: 'done',
      confirmed: true,
      event: {
        eventType: 'NewFileUpload',
        task: { FileId: '1', MediaBasicInfo: { Name: 'a' }, [field]: 'task-1' },
      },
    });
    expect(calls()?.sort()).toEqual([
      ['DescribeMediaInfos', { FileIds: ['1'], Filters: ['basicInfo', 'metaData'] }],
      ['DescribeTaskDetail', { TaskId: 'task-1' }],
    ]);
  });

  it.each<[string, object | string]>([
    ['is about another', { ProcedureTask: { FileId: '2' } }],
    ['is of another kind', { PullUploadTask: { FileId: '1' } }],
    ['is not', 'ResourceNotFound'],
    ['has no such id', 'InvalidParameterValue.TaskId'],
  ])('takes the flow off a media where it %s, and looks for its own', async (_name, detail) => {
    const TaskSet = [
      { TaskId: 'other', TaskType: 'Procedure', FileId: '2' },
      { TaskId: 'edit', TaskType: 'EditMedia', FileId: '1' },
      { TaskId: 'own', TaskType: 'Procedure', FileId: '1' },
      { TaskId: 'later', TaskType: 'Procedure', FileId: '1' },
      { TaskId: 'review', TaskType: 'ReviewAudioVideo', FileId: '1' },
    ];
    const api = await answering({
      DescribeMediaInfos: MEDIA,
      DescribeTaskDetail: detail,
      DescribeTasks: { TaskSet },
    });

    expect(await confirm(upload('1', { ProcedureTaskId: 'claimed' }), api)).toMatchObject({
      event: { task: { ProcedureTaskId: 'own', ReviewAudioVideoTaskId: 'review' } },
    });
  });

  it.each<[string, object | string]>([
    ['names none', { TaskSet: null }],
    ['cannot be had', 'UnauthorizedOperation'],
  ])('leaves a media without a task where the list of them %s', async (_name, list) => {
    const api = await answering({ DescribeMediaInfos: MEDIA, DescribeTasks: list });

    const confirmation = await confirm(upload('1'), api);

    expect(confirmation).toEqual({
      kind: 'done',
      confirmed: true,
      event: { eventType: 'NewFileUpload', task: { FileId: '1', MediaBasicInfo: { Name: 'a' } } },
    });
  });

  it.each<[string, object | string]>([
    ['names another media', { MediaInfoSet: [{ FileId: '2', BasicInfo: {} }] }],
    ['describes nothing of it', { MediaInfoSet: [{ FileId: '1', BasicInfo: null }] }],
    ['is empty', {}],
    ['takes its id for none', 'InvalidParameterValue.FileIds'],
  ])('denies a media where the answer %s', async (_name, answer) => {
    expect(await confirm(upload('1'), await answering({ DescribeMediaInfos: answer }))).toEqual({
      kind: 'failed',
      error: 'denied',
    });
  });

  it.each([
    [20, [20]],
    [21, [20, 1]],
    [45, [20, 20, 5]],
  ])(
    'asks about %d deleted media in twenties, and describes those that are gone',
    async (length, groups) => {
      const ids = Array.from({ length }, (_, index) => String(index));
      const isThere = (id: string) => id === '3' || id === '44';
      const api = await serving((response, { parameters }: VodCall) => {
        const asked = parameters['FileIds'];
        const NotExistFileIdSet = Array.isArray(asked) ? asked.filter((id) => !isThere(id)) : [];
        succeed(response, { MediaInfoSet: [], NotExistFileIdSet });
      });

      const confirmation = await confirm(deletion(ids), api);

      expect(confirmation).toEqual({
        kind: 'done',
        confirmed: true,
        event: {
          eventType: 'FileDeleted',
          task: { FileIdSet: ids.filter((id) => !isThere(id)) },
        },
      });
      const asked = server?.calls.map(({ parameters }) => Object(parameters['FileIds']).length);
      expect(asked).toEqual(groups);
    },
  );

  it('denies a deletion of which the answer says nothing', async () => {
    const api = await answering({});

    expect(await confirm(deletion(['1']), api)).toEqual({ kind: 'failed', error: 'denied' });
  });

  it('gives a deletion the id that it was pushed with', async () => {
    const api = await answering({ DescribeMediaInfos: { NotExistFileIdSet: ['1'] } });
    const body = deletion(['1'], [{ FileId: '1', DeleteParts: [] }]);

    const confirmation = await confirm(body, api);

    expect(confirmation.kind === 'done' && identifyEvent(confirmation.event)).toBe(
      identifyEvent(parseVodEvent(body)),
    );
  });

  it('cannot confirm which parts were deleted, and does not ask', async () => {
    const api = await answering({});

    expect(await confirm(events.PartsDeleted, api)).toEqual({
      kind: 'done',
      confirmed: false,
      event: parseVodEvent(events.PartsDeleted),
    });
    expect(calls()).toEqual([]);
  });

  it.each([
    ['a cast', events.MediaCast],
    ['a type of tomorrow', { EventType: 'HologramComplete' }],
    [
      'a known type with another shape',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: [] },
    ],
    [
      'a task without its id',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: { Status: 'FINISH' } },
    ],
    [
      'what is no task',
      { EventType: 'RestoreMediaComplete', RestoreMediaCompleteEvent: { FileId: '1' } },
    ],
  ])('cannot confirm %s, and does not ask', async (_name, body) => {
    const api = await answering({});

    expect(await confirm(body, api)).toEqual({
      kind: 'done',
      confirmed: false,
      event: parseVodEvent(body),
    });
    expect(calls()).toEqual([]);
  });

  it.each(['NewFileUpload', 'FileDeleted', 'PullComplete', 'ProcedureStateChanged'])(
    'denies %s in a shape that nobody knows, and does not ask',
    async (EventType) => {
      expect(await confirm({ EventType }, await answering({}))).toEqual({
        kind: 'failed',
        error: 'denied',
      });
      expect(calls()).toEqual([]);
    },
  );

  it('confirms a task of any kind', async () => {
    const task = { ...events.MediaEdited.EditMediaCompleteEvent, Message: 'as VOD says' };
    const api = await answering({ DescribeTaskDetail: { EditMediaTask: task } });

    expect(await confirm(events.MediaEdited, api)).toMatchObject({
      kind: 'done',
      confirmed: true,
      event: { eventType: 'EditMediaComplete', task: { Message: 'as VOD says' } },
    });
  });

  it('cannot confirm a task that is too old to ask about, and changes no upload', async () => {
    const api = await answering({ DescribeTaskDetail: 'ResourceNotFound' });

    expect(await confirm(events.MediaEdited, api)).toMatchObject({
      kind: 'done',
      confirmed: false,
    });
    expect(await confirm(events.PullComplete, api)).toMatchObject({
      kind: 'failed',
      error: 'denied',
    });
    expect(await confirm(events.ProcedureStateChanged, api)).toMatchObject({
      kind: 'failed',
      error: 'denied',
    });
  });

  it.each([
    [
      'a pull that is under way',
      events.PullComplete,
      { PullUploadTask: { TaskId: '1500000001-pull-9f8e7d6c', Status: 'PROCESSING' } },
    ],
    [
      'the end of a flow that is under way',
      procedure({}),
      { ProcedureTask: { TaskId: 'proc-1', Status: 'PROCESSING', FileId: '1' } },
    ],
    [
      'the answer to another question',
      procedure({}),
      { ProcedureTask: { TaskId: 'proc-2', Status: 'FINISH', FileId: '1' } },
    ],
    ['a flow of which nothing is said', procedure({}), { ProcedureTask: null }],
    [
      'a task of which VOD says something else',
      events.MediaEdited,
      { EditMediaTask: { TaskId: '1500000001-EditMedia-5a6b7c8dt0', Status: 'PROCESSING' } },
    ],
  ])('denies %s', async (_name, body, detail) => {
    expect(await confirm(body, await answering({ DescribeTaskDetail: detail }))).toEqual({
      kind: 'failed',
      error: 'denied',
    });
  });

  it('says how far a flow is in VOD’s words, not in those that were pushed', async () => {
    const steps = [{ Type: 'Transcode', TranscodeTask: { Status: 'SUCCESS' } }];
    const told = { TaskId: 'proc-1', Status: 'PROCESSING', FileId: '1', MediaProcessResultSet: [] };
    const api = await answering({ DescribeTaskDetail: { ProcedureTask: told } });

    expect(
      await confirm(procedure({ Status: 'PROCESSING', MediaProcessResultSet: steps }), api),
    ).toEqual({
      kind: 'done',
      confirmed: true,
      event: { eventType: 'ProcedureStateChanged', task: told },
    });
  });

  it.each([
    ['NewFileUpload', upload('1', { ProcedureTaskId: 'p' })],
    ['FileDeleted', deletion(['1'])],
    ['PullComplete', events.PullComplete],
  ])('cannot ask about %s where VOD does not let it', async (_type, body) => {
    const api = await serving((response) => refuse(response, 'AuthFailure.UnauthorizedOperation'));

    expect(await confirm(body, api)).toMatchObject({
      kind: 'retry',
      cause: { code: 'upstream_denied' },
    });
  });

  it('cannot ask where nobody answers in time', async () => {
    const api = await serving(() => {});

    expect(
      await confirmEvent(parseVodEvent(events.PullComplete), api, {
        deadline: { left: () => 800 },
      }),
    ).toMatchObject({
      kind: 'retry',
      error: 'upstream_timeout',
      cause: { code: 'upstream_timeout' },
    });
  });

  it('rejects with what is no fault of VOD’s', async () => {
    const missing = new Error('no credentials');
    const describeTaskDetail = () => Promise.reject(missing);
    const api = { ...(await answering({})), describeTaskDetail };

    await expect(confirm(events.PullComplete, api)).rejects.toBe(missing);
  });
});
