import { describe, expect, it } from 'vitest';
import type { InspectDetail } from '../../../lib/actions/media-action.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { LENGTHLESS } from '../../support/lengthless-media.ts';
import {
  type ActionStage,
  DONE,
  EXECUTABLE,
  MINUTE,
  UPLOAD_ID,
  useActionStage,
} from './action-stage.ts';

const stage = useActionStage();

const FACT_BEHIND = {
  uploaded: 'issued',
  processing: 'processingStarted',
  ready: 'processingSucceeded',
  failed: 'processingFailed',
} as const;

describe('inspect', () => {
  const inspect = (limits: object, fact: InspectDetail['fact'] = 'uploaded') => ({
    kind: 'inspect',
    detail: { limits, fact },
  });
  const arrive = async (limits: object, kind?: Parameters<ActionStage['makeMedia']>[0]) =>
    stage.arrive(await stage.makeMedia(kind), 'uploadedForProcessing', inspect(limits));

  it('accepts a file that VOD has read since', async () => {
    await arrive({ maxSeconds: 2, mediaTypes: ['wav'] });

    expect(await stage.settle()).toEqual([DONE]);

    expect(await stage.upload()).toMatchObject({ state: 'ready', size: 32_044, duration: 2 });
  });

  it('leaves the end of the upload to its task flow, where there is one', async () => {
    const fileId = await stage.makeMedia();
    const wanted = inspect({ maxSeconds: 2 }, 'uploadedForProcessing');
    await stage.arrive(fileId, 'uploadedForProcessing', wanted);

    expect(await stage.settle()).toEqual([DONE]);

    expect(await stage.upload()).toMatchObject({ state: 'uploaded', size: 32_044 });
  });

  it.each(['uploaded', 'processing', 'ready', 'failed'] as const)(
    'rejects a file above its limits, also of an upload that is %s by then',
    async (state) => {
      await arrive({ maxSeconds: 1 });
      await stage.ledger.transition(UPLOAD_ID, FACT_BEHIND[state]);

      expect(await stage.settle()).toEqual([DONE]);
      expect(await stage.upload()).toMatchObject({
        state: 'rejected',
        problem: { code: 'limits_exceeded', rule: 'maxSeconds', limit: 1, actual: 2 },
      });
      expect(await stage.settle()).toEqual([DONE]);
      expect(stage.media()).toEqual([]);
    },
  );

  it('waits ten minutes for VOD to read a file, and then rejects it as unreadable', async () => {
    await arrive({ maxBytes: EXECUTABLE.length, mediaTypes: ['mp4'] }, 'executable');
    const seen: unknown[] = [];
    for (let minute = 0; minute <= 10; minute += 1) {
      for (const settled of await stage.settle()) seen.push({ minute, ...settled });
      stage.pass(MINUTE);
    }

    const waiting = { kind: 'retry', error: 'media_unreadable', at: expect.any(Number) };
    expect(seen).toEqual([
      ...[0, 2, 4, 6, 8].map((minute) => ({ minute, ...waiting })),
      { minute: 10, ...DONE },
    ]);
    expect(await stage.upload()).toMatchObject({
      state: 'rejected',
      problem: { code: 'media_unreadable', rules: ['maxBytes', 'mediaTypes'] },
    });
    expect(stage.media()).toHaveLength(1);
    expect(await stage.settle()).toEqual([DONE]);
    expect(stage.media()).toEqual([]);
  });

  it('waits ten minutes for the duration of a file, and then rejects it as unreadable', async () => {
    await arrive({ maxSeconds: 60 }, 'lengthless');

    expect(await stage.settle()).toEqual([
      { kind: 'retry', error: 'media_unreadable', at: expect.any(Number) },
    ]);
    expect(await stage.upload()).toMatchObject({ state: 'uploaded' });
    stage.pass(10 * MINUTE);

    expect(await stage.settle()).toEqual([DONE]);
    expect(await stage.upload()).toMatchObject({
      state: 'rejected',
      size: LENGTHLESS.webm.length,
      problem: { code: 'media_unreadable', rules: ['maxSeconds'] },
    });
    expect(await stage.upload()).not.toHaveProperty('duration');
    expect(await stage.settle()).toEqual([DONE]);
    expect(stage.media()).toEqual([]);
  });

  it.each([
    [1, 'rejected'],
    [3, 'ready'],
  ])(
    'judges by a duration that VOD reports in time, against a limit of %i seconds',
    async (maxSeconds, state) => {
      await arrive({ maxSeconds }, 'lengthless');
      await stage.settle();
      stage.pass(9 * MINUTE);
      const api: Partial<VodApi> = {
        describeMediaInfos: async (request) => {
          const answer = await stage.api.describeMediaInfos(request);
          const told = (answer.MediaInfoSet ?? []).map(({ MetaData, ...rest }) => ({
            ...rest,
            MetaData: { ...MetaData, VideoDuration: 2.9 },
          }));
          return { ...answer, MediaInfoSet: told };
        },
      };

      expect(await stage.settle({ api })).toEqual([DONE]);

      expect(await stage.upload()).toMatchObject({ state, duration: 2.9 });
    },
  );

  it('deletes nothing while VOD is unavailable', async () => {
    await arrive({ mediaTypes: ['mp4'] }, 'executable');
    stage.pass(60 * MINUTE);
    stage.vod.faults.arm('internal-error', 10);

    expect(await stage.settle()).toMatchObject([{ kind: 'retry', error: 'InternalError' }]);

    expect(await stage.upload()).toMatchObject({ state: 'uploaded' });
  });

  it('is done where the file does not exist', async () => {
    const wanted = inspect({ maxBytes: 1 });
    await stage.arrive('5285890700000000404', 'uploadedForProcessing', wanted);
    expect(await stage.settle()).toEqual([DONE]);
    expect(await stage.upload()).toMatchObject({ state: 'uploaded' });
  });

  it('comes before a task flow is started', async () => {
    const fileId = await stage.makeMedia('executable');
    const first = inspect({ mediaTypes: ['mp4'] }, 'uploadedForProcessing');
    const parameters = { ProcedureName: 'p', SessionId: 's' };
    await stage.arrive(fileId, 'uploadedForProcessing', first, {
      ...{ kind: 'procedure', detail: { rules: ['r'], parameters } },
    });
    for (let minute = 0; minute <= 11; minute += 1) {
      await stage.settle();
      stage.pass(MINUTE);
    }

    expect(stage.calls).toEqual(['DeleteMedia']);
    expect(await stage.upload()).toMatchObject({ state: 'rejected' });
  });
});
