import { describe, expect, it } from 'vitest';
import { confirmEvent } from '../../../lib/ingest/confirm-event.ts';
import { parseVodEvent } from '../../../lib/vod/event.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };
import { refuse } from '../../support/vod-server.ts';
import {
  confirm,
  DENIED,
  deletion,
  MEDIA,
  procedure,
  upload,
  useVodAnswers,
} from './confirm-stage.ts';

const { answering, serving, calls } = useVodAnswers();

describe('confirmEvent()', () => {
  const long = 'x'.repeat(5_000_000);

  it.each([
    ['a file', upload(long)],
    ['a file of malformed id', upload('no id\u0000')],
    ['a deletion', deletion([long])],
    ['a task flow', procedure({ TaskId: long })],
    ['a task', { EventType: 'EditMediaComplete', EditMediaCompleteEvent: { TaskId: long } }],
  ])('denies %s with an overlong or malformed id without asking VOD', async (_name, body) => {
    const api = await answering({ DescribeMediaInfos: MEDIA });

    expect(await confirm(body, api)).toEqual(DENIED);
    expect(calls()).toEqual([]);
  });

  it('asks about no overlong or malformed task, and about the well-formed files of a deletion alone', async () => {
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
    ['a deletion of parts', events.PartsDeleted],
    ['a cast', events.MediaCast],
    ['an unknown type', { EventType: 'HologramComplete' }],
    [
      'a known type of unknown structure',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: [] },
    ],
    [
      'a task without its id',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: { Status: 'FINISH' } },
    ],
    [
      'an event that is not of a task',
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
    'denies %s of unknown structure, and does not ask',
    async (EventType) => {
      expect(await confirm({ EventType }, await answering({}))).toEqual(DENIED);
      expect(calls()).toEqual([]);
    },
  );

  it.each([
    ['NewFileUpload', upload('1', { ProcedureTaskId: 'p' })],
    ['FileDeleted', deletion(['1'])],
    ['PullComplete', events.PullComplete],
  ])('retries %s where VOD denies access', async (_type, body) => {
    const api = await serving((response) => refuse(response, 'AuthFailure.UnauthorizedOperation'));

    expect(await confirm(body, api)).toMatchObject({
      kind: 'retry',
      cause: { code: 'upstream_denied' },
    });
  });

  it('retries where VOD does not answer in time', async () => {
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

  it('throws an error that does not come from VOD', async () => {
    const missing = new Error('no credentials');
    const describeTaskDetail = () => Promise.reject(missing);
    const api = { ...(await answering({})), describeTaskDetail };

    await expect(confirm(events.PullComplete, api)).rejects.toBe(missing);
  });
});
