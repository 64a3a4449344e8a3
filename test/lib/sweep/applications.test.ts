import { describe, expect, it } from 'vitest';
import type { VodApi } from '../../../lib/vod/client.ts';
import { localAccount } from '../../../tools/local/emulator/account.ts';
import { settingsOf } from '../../support/settings.ts';
import { encodeContext } from '../../support/source-contexts.ts';
import { eventOf } from '../../support/use-ledger.ts';
import { type SweepStage, TONE, useSweepStage } from './sweep-stage.ts';

const OWN = localAccount().subAppId;
const [ACME, GLOBEX] = [1_500_000_002, 1_500_000_003];
const APPLICATIONS = [OWN, ACME, GLOBEX] as const;
const DAY = 86_400;

const account = { ...localAccount(), otherSubAppIds: [ACME, GLOBEX] };
const stage = useSweepStage(() => ({ emulator: { account } }));

const sweep = (change: Parameters<SweepStage['sweep']>[0] = {}) =>
  stage.sweep({ applications: APPLICATIONS, ...change });

const mediaIds = () => {
  const media = stage.vod.emulator().media();
  return media.map(({ fileId }) => fileId);
};

/** Has an application pull a file without notifying this service, and returns its id. */
async function makeMediaIn(SubAppId: number, request: object = {}): Promise<string> {
  const known = new Set(mediaIds());
  const ended = stage.vod.next(({ type }) => type === 'media');
  await stage.vod.client.PullUpload({ MediaUrl: TONE, SubAppId, ...request });
  await ended;
  return mediaIds().find((fileId) => !known.has(fileId)) ?? '';
}

const listUploads = async () =>
  (await stage.ledger.listUploads({ limit: 100 })).items
    .map(({ fileId, subAppId, state }) => ({ fileId, subAppId, state }))
    .toSorted((a, b) => Number(a.subAppId) - Number(b.subAppId));

/** Returns the stage's API, which cannot search the application of acme. */
function withoutAcme(): VodApi {
  const { searchMedia } = stage.api;
  return {
    ...stage.api,
    searchMedia: (request, options) =>
      options?.subAppId === ACME
        ? Promise.reject(new Error('No connection.'))
        : searchMedia(request, options),
  };
}

describe('sweep() of several applications', () => {
  it('finds the media of each application', async () => {
    const made: object[] = [];
    for (const subAppId of APPLICATIONS) {
      made.push({ fileId: await makeMediaIn(subAppId), subAppId, state: 'ready' });
    }
    stage.passSeconds(120);

    const { steps } = await sweep();

    expect(steps['media']).toMatchObject({ scanned: 3, fresh: 3, failed: 0 });
    expect(await listUploads()).toEqual(made);
    expect((await sweep()).steps['media']).toMatchObject({ scanned: 3, fresh: 0 });
  });

  it('empties the queue of each application', async () => {
    const made: object[] = [];
    for (const subAppId of APPLICATIONS) {
      await stage.vod.client.ModifyEventConfig({ Mode: 'PULL', SubAppId: subAppId });
      made.push({ fileId: await makeMediaIn(subAppId), subAppId, state: 'ready' });
    }

    const { steps } = await sweep({ pullsEvents: true });

    expect(steps['queue']).toMatchObject({ pulled: 3, confirmed: 3, fresh: 3, failed: 0 });
    expect(await listUploads()).toEqual(made);
    stage.passSeconds(31);
    expect((await sweep({ pullsEvents: true })).steps['queue']).toMatchObject({ pulled: 0 });
  });

  it('finds a file in its own application when it checks uploads', async () => {
    const fileId = await makeMediaIn(ACME);
    stage.passSeconds(120);
    await sweep();
    stage.passSeconds(2 * DAY);

    const { steps } = await sweep();

    expect(steps['checks']).toMatchObject({ checked: 1, gone: 0 });
    await stage.vod.client.DeleteMedia({ FileId: fileId, SubAppId: ACME });
    stage.passSeconds(3 * DAY);
    expect((await sweep()).steps['checks']).toMatchObject({ checked: 1, missing: 1 });
    stage.passSeconds(DAY / 2);
    await sweep();
    stage.passSeconds(DAY / 2 + 1);
    expect((await sweep()).steps['checks']).toMatchObject({ checked: 1, gone: 1 });
    expect(await listUploads()).toEqual([{ fileId, subAppId: ACME, state: 'deleted' }]);
  });

  it('removes a file in its application', async () => {
    const fields = { subAppId: ACME };
    const upload = { uploadId: '01JSWEEP000000000000000000', owner: 'ann' };
    await stage.ledger.issueUpload({ ...upload, method: 'client', fields });
    await stage.ledger.transition(upload.uploadId, 'cancelled');
    const SourceContext = encodeContext({ ...upload, method: 'client' }, undefined, fields);
    const kept = await makeMediaIn(GLOBEX);
    await makeMediaIn(ACME, { SourceContext });
    stage.passSeconds(120);

    const { steps } = await sweep();

    expect(steps['actions']).toMatchObject({ done: 1, dead: 0, failed: 0 });
    expect(mediaIds()).toEqual([kept]);
  });

  it('sends a queued pull to its application', async () => {
    const uploadId = '01JSWEEP000000000000000000';
    const request = { MediaUrl: TONE, SessionId: uploadId };
    const ended = stage.vod.next(({ type }) => type === 'media');
    await stage.ledger.enqueuePulls([
      { uploadId, owner: 'ann', request, fields: { subAppId: GLOBEX } },
    ]);

    const { steps } = await sweep();
    await ended;

    expect(steps['pulls']).toMatchObject({ sent: 1 });
    const found = (SubAppId: number) => stage.vod.client.SearchMedia({ SubAppId });
    expect((await found(GLOBEX)).TotalCount).toBe(1);
    expect((await found(OWN)).TotalCount).toBe(0);
  });

  it('applies the rules of an application to its media, in that application', async () => {
    const fileId = await makeMediaIn(ACME);
    const other = await makeMediaIn(GLOBEX);
    const rule = {
      ...{ name: 'acme', match: { subAppIds: [ACME] } },
      set: { tags: ['ours'], procedure: { name: 'LongVideoPreset' } },
    };
    stage.passSeconds(120);

    const { steps } = await sweep({ settings: settingsOf({ rules: [rule] }) });

    expect(steps['actions']).toMatchObject({ done: 2, dead: 0, failed: 0 });
    const describeMedia = async (SubAppId: number, id: string) =>
      (await stage.vod.client.DescribeMediaInfos({ SubAppId, FileIds: [id] })).MediaInfoSet?.[0];
    expect((await describeMedia(ACME, fileId))?.BasicInfo?.TagSet).toEqual(['ours']);
    expect((await describeMedia(GLOBEX, other))?.BasicInfo?.TagSet).toEqual([]);
    const tasks = await stage.vod.client.DescribeTasks({ SubAppId: ACME, FileId: fileId });
    expect(tasks.TaskSet?.map(({ TaskType }) => TaskType)).toEqual(['Procedure', 'PullUpload']);
  });

  it('checks the limits of media that VOD analyses late, in their application', async () => {
    const fileId = await makeMediaIn(ACME);
    const detail = { limits: { maxBytes: 1 }, fact: 'uploaded' };
    await stage.ledger.recordEvent(
      eventOf([{ key: { fileId }, fact: 'uploadedForProcessing', fields: { subAppId: ACME } }], {
        ...{ fileId, subAppId: ACME, actions: [{ fileId, kind: 'inspect', detail }] },
      }),
    );

    const { steps } = await sweep();

    expect(steps['actions']).toMatchObject({ done: 2, dead: 0 });
    expect(await listUploads()).toMatchObject([{ fileId, state: 'rejected' }]);
    expect(stage.vod.emulator().media()).toEqual([]);
  });

  it('does not report media as ready while their task flow runs in their application', async () => {
    await stage.vod.reopen({ procedureMilliseconds: 600_000 });
    await makeMediaIn(ACME, { Procedure: 'LongVideoPreset' });
    stage.passSeconds(120);

    await sweep();

    expect(await listUploads()).toMatchObject([{ state: 'uploaded', subAppId: ACME }]);
  });

  it('confirms a notification with its own application', async () => {
    const fileId = await makeMediaIn(ACME);
    const raw = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: fileId } };
    const keep = (eventId: string, subAppId: number) =>
      stage.ledger.storePendingConfirmation({ eventId, subAppId, raw, receivedAt: stage.now() });
    await keep('evt_1', ACME);
    await keep('evt_2', GLOBEX);

    const { steps } = await sweep();

    expect(steps['unconfirmed']).toMatchObject({ confirmed: 1, denied: 1 });
    expect(stage.reports).toContainEqual(
      expect.objectContaining({ step: 'unconfirmed', eventId: 'evt_2', subAppId: GLOBEX }),
    );
    expect(await listUploads()).toMatchObject([{ fileId, subAppId: ACME }]);
  });

  it('expires an upload only after a scan of its own application', async () => {
    const issue = (uploadId: string, subAppId: number) =>
      stage.ledger.issueUpload({
        ...{ uploadId, method: 'client', owner: 'ann' },
        fields: { subAppId, expiresAt: stage.now() + 60_000 },
      });
    await issue('01JSWEEP000000000000000001', ACME);
    await issue('01JSWEEP000000000000000002', 1_500_000_009);
    stage.passSeconds(2 * DAY);
    await sweep({ api: withoutAcme() });
    expect((await listUploads()).map(({ state }) => state)).toEqual(['issued', 'expired']);

    stage.passSeconds(DAY);
    await sweep();
    expect((await listUploads()).map(({ state }) => state)).toEqual(['expired', 'expired']);
  });

  it('continues with other applications after one failed, and reports which', async () => {
    const fileId = await makeMediaIn(GLOBEX);
    stage.passSeconds(120);
    const { steps, broken } = await sweep({ api: withoutAcme() });

    expect(steps['media']).toMatchObject({ fresh: 1, failed: 1 });
    expect(broken).toEqual(['media']);
    expect(await listUploads()).toMatchObject([{ fileId, subAppId: GLOBEX }]);
    expect(stage.reports).toContainEqual(
      expect.objectContaining({ level: 'error', step: 'media', subAppId: ACME }),
    );
  });
});
