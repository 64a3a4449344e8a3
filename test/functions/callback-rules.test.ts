import { beforeEach, describe, expect, it } from 'vitest';
import type { Envelope } from '../../lib/model/source-context.ts';
import { deriveFileUploadId } from '../../lib/model/upload-id.ts';
import { clock } from '../../lib/system.ts';
import type { VodApi } from '../../lib/vod/client.ts';
import type { RawEvent } from '../../lib/vod/event.ts';
import { createTargets } from '../../lib/webhooks/create-targets.ts';
import { EXECUTABLE, UPLOAD_ID, useActionStage } from '../lib/actions/action-stage.ts';
import { createSecret, endpointOf } from '../lib/webhooks/consumer.ts';
import { captureLog } from '../support/capture-log.ts';
import { settingsOf } from '../support/settings.ts';
import { encodeContext } from '../support/source-contexts.ts';
import { arrivalOf, messagesOf, openCallback, signed, useConsumer } from './callback-stage.ts';

const MINUTE = 60_000;
const OTHER_UPLOAD_ID = '01ARYZ6S410000000000000001';

const stage = useActionStage();
const log = captureLog();
const consumer = useConsumer();

interface Callback {
  readonly settings?: object;
  /** Whether the function has a ledger. */
  readonly ledger?: boolean;
  readonly api?: VodApi;
}

/** Opens the route over the stage. */
function open({ settings = {}, ledger = true, api = stage.api }: Callback = {}) {
  const endpoints = [endpointOf(consumer.url, createSecret())];
  const readCredentials = () => ({ secretId: '', secretKey: '', token: undefined });
  const targets = createTargets({ endpoints, eventBus: undefined }, { clock, readCredentials });
  const ask = openCallback({
    ...{ api, targets, settings: settingsOf(settings) },
    ledger: ledger ? (work) => work(stage.ledger) : undefined,
  });
  return async (event: RawEvent) => (await ask({ body: signed(event) })).statusCode;
}

function contextOf(envelope: Partial<Envelope> = {}): string {
  return encodeContext({ uploadId: UPLOAD_ID, owner: 'ann', method: 'client', ...envelope });
}

/** Returns the next notification of this type from VOD, without `Sign` and `T`. */
async function receive(eventType: string): Promise<RawEvent> {
  for (;;) {
    const { Sign: _sign, T: _t, ...body } = (await stage.vod.receiver.next()).body;
    if (body['EventType'] === eventType) return body;
  }
}

const mediaOfVod = () => stage.vod.emulator().media();
const upload = (uploadId = UPLOAD_ID) => stage.ledger.findUpload(uploadId);
const deletions = () => stage.calls.filter((name) => name === 'DeleteMedia');
const announcements = async () =>
  (await (await stage.ledger.timeline()).listEvents(UPLOAD_ID))
    .map(({ eventType }) => eventType)
    .filter((type) => type.startsWith('upload.'));

describe('POST /callback for a file that exceeds its limits', () => {
  it('rejects it, notifies consumers once and deletes it once, also for repeated notifications', async () => {
    const notify = open();
    const fileId = await stage.makeMedia('tone', contextOf({ limits: { maxSeconds: 1 } }));
    const pulled = await receive('PullComplete');

    const statuses = await Promise.all([
      ...Array.from({ length: 4 }, () => notify(arrivalOf(fileId))),
      ...Array.from({ length: 4 }, () => notify(pulled)),
    ]);
    await Promise.all([stage.settle(), stage.settle()]);
    await notify(pulled);
    stage.pass(24 * 60 * MINUTE);
    await stage.settle();

    expect(statuses).toEqual(Array(8).fill(200));
    expect(await upload()).toMatchObject({
      ...{ state: 'rejected', fileId, size: 32_044, duration: 2 },
      problem: { code: 'limits_exceeded', rule: 'maxSeconds', limit: 1, actual: 2 },
    });
    expect(await announcements()).toEqual(['upload.rejected']);
    expect(mediaOfVod()).toEqual([]);
    expect(deletions()).toHaveLength(1);
    expect(await (await stage.ledger.timeline()).listActions(UPLOAD_ID)).toMatchObject([
      { fileId, kind: 'delete', state: 'done', attempts: 1 },
    ]);
  });

  it('accepts a file of exactly its limits', async () => {
    const limits = { maxBytes: 32_044, maxSeconds: 2, mediaTypes: ['wav'] };
    const fileId = await stage.makeMedia('tone', contextOf({ limits }));

    await open()(arrivalOf(fileId));

    expect(await upload()).toMatchObject({ state: 'ready', limits });
    expect(await stage.settle()).toEqual([]);
  });

  it('rejects media from the console and recordings by the policy', async () => {
    const policy = { console: { mediaTypes: ['mp4'] }, live: { maxSeconds: 1 } };
    const notify = open({ settings: { policy } });
    const tone = await stage.makeMedia();
    const { arrivals } = stage.vod.emulator();
    const film = await arrivals.uploadFromConsole({
      ...{ name: 'film', type: 'mp4', seconds: 5, classId: 0, procedure: null },
    });
    const recorded = await arrivals.record({ ...RECORDING, seconds: 2 });

    for (const fileId of [tone, film.fileId, recorded.fileId]) await notify(arrivalOf(fileId));

    const states = [tone, film.fileId, recorded.fileId].map(async (fileId) => {
      const found = await upload(deriveFileUploadId(fileId));
      return [found?.method, found?.state];
    });
    expect(await Promise.all(states)).toEqual([
      ['console', 'rejected'],
      ['console', 'ready'],
      ['live', 'rejected'],
    ]);
    await stage.settle();
    expect(mediaOfVod().map(({ fileId }) => fileId)).toEqual([film.fileId]);
  });

  it('holds an executable with the type of a video until VOD could analyse it, and rejects it', async () => {
    const limits = { maxBytes: EXECUTABLE.length, mediaTypes: ['mp4'] };
    const fileId = await stage.makeMedia('executable', contextOf({ limits }));

    await open()(arrivalOf(fileId));
    const first = (await upload())?.state;
    await stage.settle();
    const second = (await upload())?.state;
    stage.pass(11 * MINUTE);
    await stage.settle();
    await stage.settle();

    expect([first, second]).toEqual(['uploaded', 'uploaded']);
    expect(await upload()).toMatchObject({
      state: 'rejected',
      problem: { code: 'media_unreadable' },
    });
    expect(await announcements()).toEqual(['upload.uploaded', 'upload.rejected']);
    expect(mediaOfVod()).toEqual([]);
  });

  it('holds a recording without a duration if that is limited, and rejects it', async () => {
    const notify = open({ settings: { policy: { console: { maxSeconds: 60 } } } });
    const [limited, free, brought] = [
      await stage.makeMedia('lengthless', contextOf({ limits: { maxSeconds: 60 } })),
      await stage.makeMedia('lengthless', contextOf({ uploadId: OTHER_UPLOAD_ID })),
      await stage.makeMedia('lengthless'),
    ];
    for (const fileId of [limited, free, brought]) await notify(arrivalOf(fileId));
    const ids = [UPLOAD_ID, OTHER_UPLOAD_ID, deriveFileUploadId(brought)];
    const states = () => Promise.all(ids.map(async (id) => (await upload(id))?.state));

    expect(await states()).toEqual(['uploaded', 'ready', 'uploaded']);
    stage.pass(11 * MINUTE);
    await stage.settle();
    await stage.settle();

    expect(await states()).toEqual(['rejected', 'ready', 'rejected']);
    expect(await upload()).toMatchObject({
      problem: { code: 'media_unreadable', rules: ['maxSeconds'] },
    });
    expect(await announcements()).toEqual(['upload.uploaded', 'upload.rejected']);
    expect(mediaOfVod().map(({ fileId }) => fileId)).toEqual([free]);
  });

  it('accepts a file that VOD analyses later', async () => {
    const context = contextOf({ limits: { maxSeconds: 2 } });
    const fileId = await stage.makeMedia('tone', context);
    const api: VodApi = {
      ...stage.api,
      describeMediaInfos: async (request) => {
        const { MediaInfoSet = [], ...answer } = await stage.api.describeMediaInfos(request);
        return { ...answer, MediaInfoSet: MediaInfoSet.map(({ MetaData: _, ...rest }) => rest) };
      },
    };

    await open({ api })(arrivalOf(fileId));
    expect(await upload()).toMatchObject({ state: 'uploaded' });
    await stage.settle();

    expect(await upload()).toMatchObject({ state: 'ready', size: 32_044 });
    expect(await announcements()).toEqual(['upload.uploaded', 'upload.ready']);
  });
});

const RECORDING = {
  recording: {
    sourceType: 'Record',
    ...{ domain: 'push.example.com', path: 'live', streamId: 'room-1' },
    recordStartTime: '2026-01-01T00:00:00Z',
    recordEndTime: '2026-01-01T00:00:02Z',
  },
  name: 'room-1',
  keepSeconds: null,
} as const;

describe('POST /callback for a file that does not belong to its upload', () => {
  beforeEach(async () => {
    await stage.ledger.issueUpload({ uploadId: UPLOAD_ID, owner: 'ann', method: 'client' });
  });

  it('removes a second file and keeps the first', async () => {
    const notify = open({ settings: { rules: [{ name: 'r', set: { classId: 7 } }] } });
    const first = await stage.makeMedia('tone', contextOf());
    const second = await stage.makeMedia('tone', contextOf());

    for (const fileId of [first, second, second, first]) await notify(arrivalOf(fileId));
    await stage.settle();

    expect(await upload()).toMatchObject({ state: 'ready', fileId: first });
    expect(mediaOfVod()).toMatchObject([{ fileId: first, classId: 7 }]);
    expect(deletions()).toHaveLength(1);
  });

  it('removes a file that names the upload of another owner, without changing the upload', async () => {
    const notify = open();
    const before = await upload();
    const foreign = await stage.makeMedia('tone', contextOf({ owner: 'mallory' }));

    expect(await notify(arrivalOf(foreign))).toBe(200);
    await stage.settle();

    expect(await upload()).toEqual(before);
    expect(mediaOfVod()).toEqual([]);
    const own = await stage.makeMedia('tone', contextOf());
    await notify(arrivalOf(own));
    expect(await upload()).toMatchObject({ state: 'ready', owner: 'ann', fileId: own });
  });

  it.each(['cancelled', 'expired'] as const)('removes the file of a %s upload', async (fact) => {
    const notify = open({ settings: { rules: [{ name: 'r', set: { classId: 7 } }] } });
    await stage.ledger.transition(UPLOAD_ID, fact);
    const fileId = await stage.makeMedia('tone', contextOf());

    await notify(arrivalOf(fileId));
    await notify(arrivalOf(fileId));
    await stage.settle();

    expect(await upload()).toMatchObject({ state: fact });
    expect(mediaOfVod()).toEqual([]);
    expect(stage.calls).toEqual(['DeleteMedia']);
  });
});

describe('POST /callback for media that match rules', () => {
  const settings = {
    rules: [
      {
        name: 'rooms',
        match: { methods: ['live'], streams: ['room-*'] },
        set: { classId: 7, tags: ['live'], procedure: { name: 'LongVideoPreset' } },
      },
      { name: 'all', set: { classId: 9, expireTime: '2099-01-01T00:00:00Z' } },
    ],
  };

  it('applies the rules once', async () => {
    const notify = open({ settings });
    const { fileId } = await stage.vod.emulator().arrivals.record({ ...RECORDING, seconds: 2 });
    const uploadId = deriveFileUploadId(fileId);

    await Promise.all(Array.from({ length: 5 }, () => notify(arrivalOf(fileId))));
    expect((await upload(uploadId))?.state).toBe('uploaded');
    await Promise.all([stage.settle(), stage.settle()]);
    await notify(await receive('ProcedureStateChanged'));
    await notify(arrivalOf(fileId));
    stage.pass(24 * 60 * MINUTE);
    await stage.settle();

    expect(await upload(uploadId)).toMatchObject({
      ...{ state: 'ready', classId: 7, procedure: 'LongVideoPreset' },
      mediaExpireTime: Date.UTC(2099, 0, 1),
    });
    expect(mediaOfVod()).toMatchObject([
      { classId: 7, tags: ['live'], expireTime: '2099-01-01T00:00:00Z' },
    ]);
    expect(stage.calls.filter((name) => name === 'ProcessMediaByProcedure')).toHaveLength(1);
    expect(await (await stage.ledger.timeline()).listActions(uploadId)).toMatchObject([
      { kind: 'modify', state: 'done', attempts: 1, rules: ['all', 'rooms'] },
      { kind: 'procedure', state: 'done', attempts: 1, rules: ['rooms'] },
    ]);
  });

  it('sets the expiry that the upload requested', async () => {
    const mediaExpireTime = Date.UTC(2098, 0, 1) / 1_000;
    const fileId = await stage.makeMedia('tone', contextOf({ mediaExpireTime }));

    await open()(arrivalOf(fileId));
    await stage.settle();

    expect(mediaOfVod()).toMatchObject([{ expireTime: '2098-01-01T00:00:00Z' }]);
    expect(await upload()).toMatchObject({ mediaExpireTime: mediaExpireTime * 1_000 });
  });
});

describe('POST /callback without a ledger', () => {
  const limits = { maxSeconds: 1 };
  const failing = (name: 'deleteMedia' | 'modifyMediaInfo'): VodApi => ({
    ...stage.api,
    [name]: () => Promise.reject(new Error('No connection.')),
  });

  it('rejects a file that exceeds its limits, notifies consumers and deletes it', async () => {
    const fileId = await stage.makeMedia('tone', contextOf({ limits }));

    expect(await open({ ledger: false })(arrivalOf(fileId))).toBe(200);

    expect(
      messagesOf(consumer)
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['upload.rejected', 'vod.NewFileUpload']);
    expect(messagesOf(consumer).find(({ type }) => type === 'upload.rejected')?.data).toMatchObject(
      {
        ...{ uploadId: UPLOAD_ID, owner: 'ann', state: 'rejected', fileId },
        problem: { code: 'limits_exceeded', rule: 'maxSeconds', limit: 1, actual: 2 },
      },
    );
    expect(mediaOfVod()).toEqual([]);
    expect(log.lines.at(-1)).toMatchObject({ status: 200, code: 'limits_exceeded', delivered: 2 });
  });

  it('deletes nothing before all consumers have accepted the message, and has VOD send the event again', async () => {
    const fileId = await stage.makeMedia('tone', contextOf({ limits }));
    const notify = open({ ledger: false });
    consumer.status = 500;
    expect(await notify(arrivalOf(fileId))).toBe(503);
    expect(mediaOfVod()).toHaveLength(1);
    consumer.status = 200;
    expect(await open({ ledger: false, api: failing('deleteMedia') })(arrivalOf(fileId))).toBe(502);
    expect(await notify(arrivalOf(fileId))).toBe(200);

    expect(mediaOfVod()).toEqual([]);
    const ids = new Set(messagesOf(consumer).map(({ id }) => id));
    expect(ids.size).toBe(2);
  });

  it('rejects a recording without a duration, notifies consumers and deletes it', async () => {
    const fileId = await stage.makeMedia('lengthless', contextOf({ limits }));

    expect(await open({ ledger: false })(arrivalOf(fileId))).toBe(200);

    expect(messagesOf(consumer).find(({ type }) => type === 'upload.rejected')?.data).toMatchObject(
      {
        ...{ uploadId: UPLOAD_ID, state: 'rejected', fileId },
        problem: { code: 'media_unreadable', rules: ['maxSeconds'] },
      },
    );
    expect(mediaOfVod()).toEqual([]);
    expect(log.lines.at(-1)).toMatchObject({ status: 200, code: 'media_unreadable', delivered: 2 });
  });

  it('accepts a recording without a duration if that is not limited', async () => {
    const context = contextOf({ limits: { maxBytes: 1_000, mediaTypes: ['webm'] } });
    const fileId = await stage.makeMedia('lengthless', context);

    expect(await open({ ledger: false })(arrivalOf(fileId))).toBe(200);

    expect(mediaOfVod()).toHaveLength(1);
    expect(messagesOf(consumer).map(({ type }) => type)).toEqual(['vod.NewFileUpload']);
  });

  it('keeps a file that cannot be checked, and logs a warning', async () => {
    const context = contextOf({ limits: { mediaTypes: ['mp4'] } });
    const fileId = await stage.makeMedia('executable', context);

    expect(await open({ ledger: false })(arrivalOf(fileId))).toBe(200);

    expect(mediaOfVod()).toHaveLength(1);
    expect(log.lines.at(-1)).toMatchObject({
      level: 'warn',
      reason: expect.stringContaining('limits'),
    });
  });

  it('applies rules immediately', async () => {
    const rules = [{ name: 'r', set: { classId: 7, procedure: { name: 'LongVideoPreset' } } }];
    const notify = open({ ledger: false, settings: { rules } });
    const fileId = await stage.makeMedia();

    expect([await notify(arrivalOf(fileId)), await notify(arrivalOf(fileId))]).toEqual([200, 200]);

    expect(mediaOfVod()).toMatchObject([{ classId: 7 }]);
    const { TaskSet } = await stage.vod.client.DescribeTasks({});
    expect(TaskSet?.filter(({ TaskType }) => TaskType === 'Procedure')).toHaveLength(1);
  });

  it('continues after a rule that VOD refuses, and has VOD send the event again after a failure', async () => {
    const rules = [{ name: 'r', set: { expireTime: '1999-01-01T00:00:00Z' } }];
    const fileId = await stage.makeMedia();

    expect(await open({ ledger: false, settings: { rules } })(arrivalOf(fileId))).toBe(200);
    expect(log.lines.at(-1)).toMatchObject({
      level: 'warn',
      reason: expect.stringContaining('InvalidParameterValue.ExpireTime'),
    });
    const api = failing('modifyMediaInfo');
    expect(await open({ ledger: false, settings: { rules }, api })(arrivalOf(fileId))).toBe(502);
  });
});
