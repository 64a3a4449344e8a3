import { afterEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { connectVod } from '../../support/connect-vod.ts';
import { encodeContext } from '../../support/source-contexts.ts';
import {
  refuse,
  startVodServer,
  succeed,
  type VodCall,
  type VodServer,
} from '../../support/vod-server.ts';
import { makeMedia, TONE, useSweepStage } from './sweep-stage.ts';

const stage = useSweepStage();
let server: VodServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const listUploads = async () => (await stage.ledger.listUploads({ limit: 1_000 })).items;

describe('scanMedia()', () => {
  it('records media that no event reported, once', async () => {
    const [fileId] = await makeMedia(stage.vod);
    stage.passSeconds(120);

    const first = await stage.sweep();
    const second = await stage.sweep();

    expect(first.steps['media']).toMatchObject({ scanned: 1, fresh: 1, failed: 0 });
    expect(second.steps['media']).toMatchObject({ scanned: 1, fresh: 0, failed: 0 });
    expect(await listUploads()).toMatchObject([{ fileId, method: 'console', state: 'ready' }]);
  });

  it('finds the file of an upload whose notification was lost', async () => {
    const uploadId = '01JSWEEP000000000000000000';
    const owner = 'alice';
    const expiresAt = stage.now() + 3_600_000;
    await stage.ledger.issueUpload({ uploadId, owner, method: 'client', fields: { expiresAt } });
    const ended = stage.vod.next(({ type }) => type === 'media');
    const SourceContext = encodeContext({ uploadId, owner, method: 'client' }, 'mine');
    await stage.vod.client.PullUpload({ MediaUrl: TONE, SourceContext });
    await ended;
    stage.passSeconds(120);

    await stage.sweep();

    expect(await stage.ledger.findUpload(uploadId)).toMatchObject({
      state: 'ready',
      fileId: stage.vod.emulator().media()[0]?.fileId,
      sourceContext: 'mine',
    });
  });

  it('does not report media as ready while their task flow runs', async () => {
    await stage.vod.reopen({ procedureMilliseconds: 600_000 });
    const ended = stage.vod.next(({ type }) => type === 'media');
    await stage.vod.client.PullUpload({ MediaUrl: TONE, Procedure: 'LongVideoPreset' });
    await ended;
    stage.passSeconds(120);

    await stage.sweep();

    expect(await listUploads()).toMatchObject([
      { state: 'uploaded', taskId: expect.stringContaining('-Procedure-') },
    ]);
  });

  it('leaves recent media to their notifications', async () => {
    await makeMedia(stage.vod);

    const { steps } = await stage.sweep();

    expect(steps['media']).toMatchObject({ scanned: 0, fresh: 0 });
  });

  it('records recent media once with looksNow', async () => {
    const [fileId] = await makeMedia(stage.vod);

    const told = await stage.sweep({ looksNow: true });
    stage.passSeconds(120);
    const timed = await stage.sweep();

    expect(told.steps['media']).toMatchObject({ scanned: 1, fresh: 1, failed: 0 });
    expect(timed.steps['media']).toMatchObject({ scanned: 1, fresh: 0, failed: 0 });
    expect(await listUploads()).toMatchObject([{ fileId, state: 'ready' }]);
  });

  it('misses no media that arrive between two scans', async () => {
    await makeMedia(stage.vod);
    await stage.sweep({ looksNow: true });
    // VOD may show it late, with a time before the watermark of the first scan.
    await makeMedia(stage.vod);

    await stage.sweep({ looksNow: true });

    expect(await listUploads()).toHaveLength(2);
  });

  it('lets one sweep scan at a time', async () => {
    await makeMedia(stage.vod);
    stage.passSeconds(120);
    const other = stage.openOther();
    await other.acquireLease('media-scan', 60);

    expect((await stage.sweep()).steps['media']).toMatchObject({ scanned: 0, failed: 0 });
    await other.releaseLease('media-scan');

    expect((await stage.sweep()).steps['media']).toMatchObject({ scanned: 1, failed: 0 });
  });
});

/** Media created at these Unix seconds, in a VOD with its documented limits; `gone` has the indexes of deleted ones. */
async function openLargeVod(
  times: readonly number[],
  gone: ReadonlySet<number> = new Set(),
): Promise<VodApi> {
  const media = times.map((time, index) => ({
    FileId: String(5_285_485_487_985_271_000n + BigInt(index)),
    BasicInfo: {
      Name: `media ${index}`,
      CreateTime: isoTime(time),
      SourceInfo: { SourceType: 'Upload', SourceContext: '' },
    },
  }));
  server = await startVodServer((response, { action, parameters }) => {
    if (action === 'DescribeTasks') return succeed(response, { TaskSet: [] });
    const { offset, limit, after, before } = readSearch(parameters);
    if (offset + limit > 5_000) return refuse(response, 'InvalidParameterValue.Offset');
    const found = media.filter(
      ({ BasicInfo }, place) =>
        !gone.has(place) && BasicInfo.CreateTime >= after && BasicInfo.CreateTime <= before,
    );
    succeed(response, {
      TotalCount: Math.min(5_000, found.length),
      MediaInfoSet: found.slice(offset, offset + limit),
    });
  });
  return connectVod(server.endpoint, { pullsPerSecond: 20 });
}

function readSearch({ Offset, Limit, CreateTime: range }: VodCall['parameters']) {
  const { After, Before } = Object(range);
  return {
    ...{ offset: Number(Offset), limit: Number(Limit) },
    ...{ after: String(After), before: String(Before) },
  };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000', '');
}

const HOUR_AGO = Math.floor(Date.now() / 1_000) - 3_600;

describe('scanMedia() of many media', () => {
  it('reads pages by time, and by offset within one second', async () => {
    const times = Array.from({ length: 730 }, (_, index) =>
      index < 350 ? HOUR_AGO + Math.floor(index / 3) : HOUR_AGO + 200,
    );
    const api = await openLargeVod(times);

    const { steps } = await stage.sweep({ api });

    expect(steps['media']).toMatchObject({ fresh: 730, failed: 0, skipped: 0 });
    expect(await listUploads()).toHaveLength(730);
  });

  it('reports a second with more media than VOD lists, and continues after it', async () => {
    const times = [...Array.from({ length: 5_100 }, () => HOUR_AGO), HOUR_AGO + 1];
    const api = await openLargeVod(times);
    // Recording that many is not the subject of this test.
    const ledger: Ledger = { ...stage.ledger, findFilesWithoutArrival: () => Promise.resolve([]) };

    const { steps } = await stage.sweep({ api, ledger });

    // Fifty pages of that second, the first of them twice, and the one file after it.
    expect(steps['media']).toMatchObject({ scanned: 5_101, skipped: 1, failed: 0 });
    expect(stage.reports).toContainEqual(
      expect.objectContaining({ step: 'media', reason: expect.stringContaining('5000') }),
    );
  });

  it.each([
    ['each of another second', (index: number) => HOUR_AGO + index],
    ['some of one second', (index: number) => HOUR_AGO + Math.floor(index / 45)],
  ])('reads on if VOD lists fewer media than it counts: %s', async (_, timeOf) => {
    const api = await openLargeVod(Array.from({ length: 90 }, (_each, index) => timeOf(index)));
    const cut: VodApi = {
      ...api,
      searchMedia: async (request, options) => {
        const page = await api.searchMedia(request, options);
        return { ...page, MediaInfoSet: page.MediaInfoSet?.slice(0, 20) ?? [] };
      },
    };

    const { steps } = await stage.sweep({ api: cut });

    expect(steps['media']).toMatchObject({ fresh: 90, failed: 0 });
    expect(await listUploads()).toHaveLength(90);
  });

  it('looks again later for media that VOD counts and does not list', async () => {
    const api = await openLargeVod([HOUR_AGO, HOUR_AGO + 1]);
    const empty: VodApi = {
      ...api,
      searchMedia: async (request, options) => ({
        ...(await api.searchMedia(request, options)),
        MediaInfoSet: [],
      }),
    };
    await stage.sweep({ api: empty });
    expect(stage.reports).toContainEqual(
      expect.objectContaining({ level: 'warn', reason: expect.stringMatching(/^VOD counts 2 /) }),
    );

    await stage.sweep({ api });

    expect(await listUploads()).toHaveLength(2);
  });

  it('asks again about a file that VOD lists without its description', async () => {
    const api = await openLargeVod([HOUR_AGO, HOUR_AGO + 1]);
    const bare: VodApi = {
      ...api,
      searchMedia: async (request, options) => {
        const page = await api.searchMedia(request, options);
        const [, ...others] = page.MediaInfoSet ?? [];
        return { ...page, MediaInfoSet: [{ FileId: '5285485487985271000' }, ...others] };
      },
    };

    const { steps } = await stage.sweep({ api: bare });

    expect(steps['media']).toMatchObject({ fresh: 1, failed: 1 });
    expect(await stage.ledger.claimConfirmations(9, 60)).toMatchObject([
      { raw: { FileUploadEvent: { FileId: '5285485487985271000' } } },
    ]);
  });

  it('misses no media if others of the same second are deleted between two pages', async () => {
    const times = Array.from({ length: 115 }, (_, index) => HOUR_AGO + (index < 95 ? 0 : 1));
    const gone = new Set<number>();
    const api = await openLargeVod(times, gone);
    const deleting: VodApi = {
      ...api,
      searchMedia: async (request, options) => {
        const page = await api.searchMedia(request, options);
        for (const place of [95, 96, 97]) gone.add(place);
        return page;
      },
    };

    await stage.sweep({ api: deleting });

    expect(await listUploads()).toHaveLength(115);
  });

  it('misses no media of a second with several pages if some are deleted between them', async () => {
    const gone = new Set<number>();
    const api = await openLargeVod(
      Array.from({ length: 320 }, () => HOUR_AGO),
      gone,
    );
    const deleting: VodApi = {
      ...api,
      searchMedia: async (request, options) => {
        const page = await api.searchMedia(request, options);
        // Deletes one that was already read, six times.
        if (gone.size < 6) gone.add(gone.size);
        return page;
      },
    };

    await stage.sweep({ api: deleting });

    expect(await listUploads()).toHaveLength(320);
  });

  it('continues after an interrupted scan', async () => {
    const times = Array.from({ length: 250 }, (_, index) => HOUR_AGO + index * 10);
    const api = await openLargeVod(times);
    let pages = 0;
    const failing: VodApi = {
      ...api,
      searchMedia: (request, options) => {
        pages += 1;
        if (pages === 3) return Promise.reject(new Error('No connection.'));
        return api.searchMedia(request, options);
      },
    };

    const first = await stage.sweep({ api: failing });
    const second = await stage.sweep({ api });

    // The last of a page is the first of the next one.
    expect(first.steps['media']).toMatchObject({ scanned: 200, fresh: 199, failed: 1 });
    // The overlap of ten minutes has sixty before the last of them.
    expect(second.steps['media']).toMatchObject({ scanned: 60 + 52 + 1, fresh: 51, failed: 0 });
    expect(await listUploads()).toHaveLength(250);
  });

  it('reads no page without time left, and misses none', async () => {
    const times = Array.from({ length: 250 }, (_, index) => HOUR_AGO + index * 10);
    const api = await openLargeVod(times);
    let left = 2;
    const deadline = { left: () => (left > 0 ? 60_000 : 0) };
    const counted: VodApi = {
      ...api,
      searchMedia: (request, options) => {
        left -= 1;
        return api.searchMedia(request, options);
      },
    };

    const first = await stage.sweep({ api: counted, deadline });
    await stage.sweep({ api });

    expect(first.outOfTime).toBe(true);
    expect(await listUploads()).toHaveLength(250);
  });

  it('records all others if one cannot be recorded', async () => {
    const api = await openLargeVod([HOUR_AGO, HOUR_AGO + 1, HOUR_AGO + 2]);
    const { recordEvents } = stage.ledger;
    const ledger: Ledger = {
      ...stage.ledger,
      recordEvents: (events) =>
        JSON.stringify(events).includes('media 1')
          ? Promise.reject(new Error('Cannot be written.'))
          : recordEvents(events),
    };

    const { steps } = await stage.sweep({ api, ledger });

    expect(steps['media']).toMatchObject({ fresh: 2, failed: 1 });
    expect(await listUploads()).toHaveLength(2);
    expect(stage.reports).toContainEqual(
      expect.objectContaining({
        ...{ level: 'warn', step: 'media', eventType: 'NewFileUpload' },
        item: expect.objectContaining({ kind: 'event', attempts: 1 }),
      }),
    );
  });

  it('asks about the tasks of unreported files in pages instead of one by one', async () => {
    const fileIds = await makeMedia(stage.vod, 10);
    const [fileId = ''] = fileIds;
    await stage.vod.client.ProcessMediaByProcedure({
      ...{ FileId: fileId, ProcedureName: 'LongVideoPreset' },
    });
    stage.passSeconds(120);
    const calls: string[] = [];
    const count =
      <Request, Answer>(
        name: string,
        call: (request: Request, options?: object) => Promise<Answer>,
      ) =>
      (request: Request, options?: object) => {
        calls.push(name);
        return call(request, options);
      };
    const api = {
      ...stage.api,
      searchMedia: count('SearchMedia', stage.api.searchMedia),
      describeTasks: count('DescribeTasks', stage.api.describeTasks),
    };

    const { steps } = await stage.sweep({ api });

    expect(steps['media']).toMatchObject({ scanned: 10, fresh: 10, failed: 0 });
    expect(calls).toEqual(['SearchMedia', 'DescribeTasks']);
    const { items } = await stage.ledger.listUploads({ limit: 20 });
    const tasks = items.filter(({ taskId }) => taskId?.includes('rocedure'));
    expect(tasks.map((upload) => upload.fileId)).toEqual([fileId]);
  });
});
