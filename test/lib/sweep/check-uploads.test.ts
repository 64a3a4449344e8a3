import { describe, expect, it } from 'vitest';
import type { Upload } from '../../../lib/model/upload.ts';
import { encodeContext } from '../../support/source-contexts.ts';
import { makeMedia, TONE, useSweepStage } from './sweep-stage.ts';

const UPLOAD_ID = '01JSWEEP000000000000000000';
const DAY = 86_400;

const stage = useSweepStage();

async function findUpload(uploadId = UPLOAD_ID): Promise<Upload> {
  const upload = await stage.ledger.findUpload(uploadId);
  if (upload === undefined) throw new Error('There is no such upload');
  return upload;
}

/** Issues a pull and has VOD complete it without notifying this service. */
async function pullUnheard(request: { MediaUrl: string; Procedure?: string }): Promise<void> {
  await stage.ledger.issueUpload({ uploadId: UPLOAD_ID, owner: 'alice', method: 'pull' });
  const ended = stage.vod.next(({ type }) => type === 'media' || type === 'notification');
  const { TaskId: taskId } = await stage.vod.client.PullUpload({
    ...request,
    SessionId: UPLOAD_ID,
    SourceContext: encodeContext({ uploadId: UPLOAD_ID, owner: 'alice', method: 'pull' }),
  });
  await stage.ledger.updateFields(UPLOAD_ID, { taskId });
  await ended;
}

const RUN_ID = '01JSWEEP000000000000000RUN';
const QUEUED = {
  ...({ uploadId: UPLOAD_ID, owner: 'alice', method: 'pull' } as const),
  request: { MediaUrl: TONE, SessionId: UPLOAD_ID },
};
type QueuePull = (pull: typeof QUEUED, runId: string) => Promise<unknown>;

/** Queues a pull of a run that is paused, as often as it is sent. */
async function queuePaused(...queue: readonly QueuePull[]): Promise<void> {
  const runs = await stage.ledger.pullRuns();
  await runs.openRun({ runId: RUN_ID, owner: 'alice', name: 'library', subAppId: undefined });
  await runs.addItems(RUN_ID, [{ id: 'tone', uploadId: UPLOAD_ID, request: {} }], { retry: false });
  await runs.pauseRun(RUN_ID, true);
  for (const each of queue) await each(QUEUED, RUN_ID);
}

const enqueue: QueuePull = (pull, runId) => stage.ledger.enqueuePulls([pull], runId);
const issueWithin: QueuePull = (pull, runId) =>
  stage.ledger.issueWithin('alice', { openUploads: 9 }, [pull], runId);

const checks = async () => (await stage.sweep()).steps['checks'];

/** Sweeps until VOD has said for a day that it does not have a file, and returns the counts of each. */
async function checkForADay() {
  const first = await checks();
  stage.passSeconds(DAY / 2);
  const second = await checks();
  stage.passSeconds(DAY / 2 + 1);
  return [first, second, await checks()];
}

describe('checkUploads()', () => {
  it('finds the end of a pull that no event reported', async () => {
    await pullUnheard({ MediaUrl: TONE });
    // No check is due within the first ten minutes, and a scan does not find the first one.
    expect(await checks()).toMatchObject({ checked: 0 });
    await stage.ledger.advanceWatermark('media-scan', stage.now() + DAY * 1_000);
    stage.passSeconds(601);

    expect(await checks()).toMatchObject({ checked: 1, fresh: 1, failed: 0 });

    expect(await findUpload()).toMatchObject({ state: 'ready', fileId: expect.any(String) });
    const events = await (await stage.ledger.timeline()).listEvents(UPLOAD_ID);
    expect(events.map(({ eventType }) => eventType)).toEqual(
      expect.arrayContaining(['vod.PullComplete', 'upload.ready']),
    );
  });

  it.each([
    ['succeeded', TONE, { state: 'ready' }],
    [
      'failed',
      'http://samples.example.com/missing.mp4',
      { state: 'failed', problem: { code: 'pull_failed' } },
    ],
  ])('checks a pull that %s immediately with looksNow', async (_, MediaUrl, end) => {
    await pullUnheard({ MediaUrl });
    await stage.ledger.advanceWatermark('media-scan', stage.now() + DAY * 1_000);
    expect(await checks()).toMatchObject({ checked: 0 });

    const { steps } = await stage.sweep({ looksNow: true });

    expect(steps['checks']).toMatchObject({ checked: 1, fresh: 1, failed: 0 });
    expect(await findUpload()).toMatchObject(end);
  });

  it('skips an upload that was merged into another in the meantime', async () => {
    await stage.ledger.issueUpload({ uploadId: UPLOAD_ID, owner: 'alice', method: 'client' });
    stage.passSeconds(601);
    const ledger = { ...stage.ledger, findUpload: async () => undefined };

    const { steps } = await stage.sweep({ ledger });

    expect(steps['checks']).toMatchObject({ checked: 1, failed: 0, expired: 0 });
  });

  it('checks once with looksNow and then waits for the scheduled time', async () => {
    await stage.ledger.issueUpload({ uploadId: UPLOAD_ID, owner: 'alice', method: 'pull' });
    await stage.ledger.updateFields(UPLOAD_ID, { taskId: '1500000001-pull-none' });

    const { steps } = await stage.sweep({ looksNow: true });

    expect(steps['checks']).toMatchObject({ checked: 1, fresh: 0, failed: 0 });
    expect(await checks()).toMatchObject({ checked: 0 });
  });

  it('finds the end of a task flow that no event reported', async () => {
    await pullUnheard({ MediaUrl: TONE, Procedure: 'LongVideoPreset' });
    stage.passSeconds(601);
    // The first answer is about the pull and names the task of the flow.
    await stage.sweep();
    stage.passSeconds(601);

    await stage.sweep();

    expect(await findUpload()).toMatchObject({
      state: 'ready',
      taskId: expect.stringContaining('Procedure'),
    });
  });

  it('finds a deleted file, once VOD has not had it for a day', async () => {
    const [kept, deleted] = await makeMedia(stage.vod, 2);
    stage.passSeconds(120);
    await stage.sweep();
    await stage.vod.client.DeleteMedia({ FileId: deleted ?? '' });
    stage.passSeconds(DAY);

    expect(await checkForADay()).toMatchObject([
      { checked: 2, missing: 1, gone: 0, fresh: 0, failed: 0 },
      { checked: 1, missing: 1, gone: 0, fresh: 0, failed: 0 },
      { checked: 1, missing: 0, gone: 1, fresh: 1, failed: 0 },
    ]);
    expect(await checks()).toMatchObject({ checked: 0 });

    const { items } = await stage.ledger.listUploads({ limit: 10 });
    const states = new Map(items.map(({ fileId, state }) => [fileId, state]));
    expect(states).toEqual(
      new Map([
        [kept, 'ready'],
        [deleted, 'deleted'],
      ]),
    );
    // The older a file, the longer the pause until its next check.
    stage.passSeconds(DAY);
    expect(await checks()).toMatchObject({ checked: 1, gone: 0 });
  });

  it('finds the deleted file of a failed upload', async () => {
    const [fileId = ''] = await makeMedia(stage.vod);
    await stage.ledger.issueUpload({ uploadId: UPLOAD_ID, owner: 'alice', method: 'client' });
    await stage.ledger.transition(UPLOAD_ID, 'uploadedForProcessing', { fileId });
    await stage.ledger.transition(UPLOAD_ID, 'processingFailed');
    await stage.vod.client.DeleteMedia({ FileId: fileId });
    stage.passSeconds(DAY);

    expect((await checkForADay()).at(-1)).toMatchObject({ checked: 1, gone: 1, fresh: 1 });

    expect(await findUpload()).toMatchObject({ state: 'deleted' });
  });

  it('does not believe that a file is gone that VOD has again at the next check', async () => {
    await makeMedia(stage.vod);
    stage.passSeconds(120);
    await stage.sweep();
    const lost: typeof stage.api = {
      ...stage.api,
      describeMediaInfos: async ({ FileIds }) => ({ NotExistFileIdSet: FileIds, RequestId: '' }),
    };
    const counts: object[] = [];
    for (const [days, api] of [
      ...([
        [2, lost],
        [1, lost],
        [1, stage.api],
      ] as const),
      ...([
        [9, lost],
        [1, lost],
      ] as const),
    ] as const) {
      stage.passSeconds(days * DAY);
      counts.push((await stage.sweep({ api })).steps['checks'] ?? {});
    }

    expect(counts).toMatchObject([1, 1, 0, 1, 1].map((missing) => ({ missing, gone: 0 })));
    expect((await stage.ledger.listUploads({ limit: 1 })).items).toMatchObject([
      { state: 'ready' },
    ]);
  });

  it('ends no upload because the application of the service was named or changed', async () => {
    await makeMedia(stage.vod, 2);
    stage.passSeconds(120);
    await stage.sweep();
    const [home, other] = [1_500_000_001, 1_500_000_077] as const;
    const apart: typeof stage.api = {
      ...stage.api,
      describeMediaInfos: async (request, options) =>
        options?.subAppId === other
          ? { NotExistFileIdSet: request.FileIds, RequestId: '' }
          : stage.api.describeMediaInfos(request),
    };
    const check = async (own: number, days: number) => {
      stage.passSeconds(days * DAY);
      const { steps } = await stage.sweep({ api: apart, applications: [own] });
      return steps['checks'];
    };
    const listed = async () =>
      (await stage.ledger.listUploads({ limit: 9 })).items.map(({ state, subAppId }) => [
        state,
        subAppId,
      ]);

    for (const days of [2, 5, 15, 40]) {
      expect(await check(other, days)).toMatchObject({ checked: 2, missing: 2, gone: 0 });
    }
    expect(await listed()).toEqual(Array.from({ length: 2 }, () => ['ready', undefined]));
    expect(stage.reports).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        reason: expect.stringMatching(/the files of 2 uploads .*VOD_SUB_APP_ID/),
      }),
    );

    expect(await check(home, 99)).toMatchObject({ checked: 2, missing: 0, gone: 0 });
    expect(await listed()).toEqual(Array.from({ length: 2 }, () => ['ready', home]));
  });

  it('checks twenty files in one call', async () => {
    await makeMedia(stage.vod, 23);
    stage.passSeconds(120);
    await stage.sweep();
    stage.passSeconds(DAY);
    const groups: number[] = [];
    const api = {
      ...stage.api,
      describeMediaInfos: (
        ...[request, options]: Parameters<typeof stage.api.describeMediaInfos>
      ) => {
        groups.push(request.FileIds.length);
        return stage.api.describeMediaInfos(request, options);
      },
    };

    const { steps } = await stage.sweep({ api });

    expect(steps['checks']).toMatchObject({ checked: 23, failed: 0 });
    expect(groups.sort()).toEqual([20, 3]);
  });

  it('expires a client upload only when its file can no longer arrive', async () => {
    const expiresAt = stage.now() + 3_600_000;
    await stage.ledger.issueUpload({
      ...{ uploadId: UPLOAD_ID, owner: 'alice', method: 'client' },
      fields: { expiresAt },
    });
    stage.passSeconds(3_600 + 601);
    expect(await checks()).toMatchObject({ checked: 1, expired: 0 });
    expect(await findUpload()).toMatchObject({ state: 'issued' });

    stage.passSeconds(DAY + 3_600);
    expect(await checks()).toMatchObject({ checked: 1, expired: 1 });

    expect(await findUpload()).toMatchObject({ state: 'expired' });
    expect(await checks()).toMatchObject({ checked: 0 });
  });

  it("expires nothing while VOD's search fails", async () => {
    const expiresAt = stage.now() + 3_600_000;
    await stage.ledger.issueUpload({
      ...{ uploadId: UPLOAD_ID, owner: 'alice', method: 'client' },
      fields: { expiresAt },
    });
    stage.passSeconds(2 * DAY);
    const api = { ...stage.api, searchMedia: () => Promise.reject(new Error('No connection.')) };

    const { steps } = await stage.sweep({ api });

    expect(steps).toMatchObject({ media: { failed: 1 }, checks: { checked: 1, expired: 0 } });
    expect(await findUpload()).toMatchObject({ state: 'issued' });
  });

  it('fails a pull that VOD has forgotten', async () => {
    await stage.ledger.issueUpload({ uploadId: UPLOAD_ID, owner: 'alice', method: 'pull' });
    await stage.ledger.updateFields(UPLOAD_ID, { taskId: '1500000001-pull-none' });
    stage.passSeconds(601);
    expect(await checks()).toMatchObject({ checked: 1, givenUp: 0, failed: 0 });
    stage.passSeconds(3 * DAY + 600);

    expect(await checks()).toMatchObject({ checked: 1, givenUp: 1, failed: 0 });

    expect(await findUpload()).toMatchObject({
      state: 'failed',
      problem: { code: 'outcome_unknown' },
    });
  });

  it('does not give up a pull that was to be sent at once, and waits here for days', async () => {
    await stage.ledger.issueUpload({ uploadId: UPLOAD_ID, owner: 'alice', method: 'pull' });
    await queuePaused(enqueue);
    stage.passSeconds(601);
    await stage.sweep();
    stage.passSeconds(4 * DAY);

    expect(await checks()).toMatchObject({ checked: 1, givenUp: 0 });

    expect(await findUpload()).toMatchObject({ state: 'issued' });
    expect(await stage.ledger.isQueued(UPLOAD_ID)).toBe(true);
  });

  it('checks an upload again after a failed call of VOD', async () => {
    const [fileId] = await makeMedia(stage.vod);
    stage.passSeconds(120);
    await stage.sweep();
    await stage.vod.client.DeleteMedia({ FileId: fileId ?? '' });
    stage.passSeconds(DAY);
    const api = {
      ...stage.api,
      describeMediaInfos: () => Promise.reject(new Error('No connection.')),
    };
    expect((await stage.sweep({ api })).steps['checks']).toMatchObject({ checked: 0, failed: 1 });

    stage.passSeconds(301);

    expect(await checks()).toMatchObject({ checked: 1, missing: 1 });
  });

  it.each([
    ['queued', [enqueue]],
    ['queued within quotas', [issueWithin]],
    ['queued within quotas twice', [issueWithin, issueWithin]],
  ])('checks a pull that is %s only once VOD has it', async (_, queue) => {
    await queuePaused(...queue);
    stage.passSeconds(4 * DAY);
    expect(await checks()).toMatchObject({ checked: 0, givenUp: 0 });
    expect(await findUpload()).toMatchObject({ state: 'issued' });
    const runs = await stage.ledger.pullRuns();
    await runs.pauseRun(RUN_ID, false);
    await runs.holdItems(RUN_ID, undefined);

    expect((await stage.sweep()).steps['pulls']).toMatchObject({ sent: 1 });
    stage.passSeconds(601);

    expect(await checks()).toMatchObject({ checked: 1 });
  });

  it('asks only about tasks that VOD does not list as running, if there are several', async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `01JSWEEP00000000000000001${i}`);
    const taskOf = (uploadId: string) => `1500000001-pull-${uploadId}`;
    for (const uploadId of ids) {
      await stage.ledger.issueUpload({ uploadId, owner: 'alice', method: 'pull' });
      await stage.ledger.updateFields(uploadId, { taskId: taskOf(uploadId) });
    }
    stage.passSeconds(601);
    const calls: string[] = [];
    const api: typeof stage.api = {
      ...stage.api,
      describeTasks: async ({ Status, Limit }) => {
        calls.push(`${Status} ${Limit}`);
        const some = Status === 'WAITING' ? ids.slice(0, 3) : ids.slice(3, 8);
        return { TaskSet: some.map((id) => ({ TaskId: taskOf(id) })), RequestId: '' };
      },
      describeTaskDetail: (request, options) => {
        calls.push(request.TaskId);
        return stage.api.describeTaskDetail(request, options);
      },
    };

    const { steps } = await stage.sweep({ api });

    expect(steps['checks']).toMatchObject({ checked: 10, failed: 0 });
    expect(calls.toSorted()).toEqual(
      [...ids.slice(8).map(taskOf), 'PROCESSING 100', 'WAITING 100'].toSorted(),
    );
    expect((await stage.sweep({ api })).steps['checks']).toMatchObject({ checked: 0 });
  });
});
