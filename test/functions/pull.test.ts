import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../lib/problem.ts';
import type { RepeatablePullUpload } from '../../lib/vod/client.ts';
import { captureLog } from '../support/capture-log.ts';
import { EVENT_SHAPES, SCF_CONTEXT } from '../support/http-events.ts';
import { decodeContext } from '../support/source-contexts.ts';
import { accept, openPull } from './pull-stage.ts';

const MEDIA = 'https://media.example.com/film.mp4';

let sent: RepeatablePullUpload[];
const log = captureLog();

beforeEach(() => {
  sent = [];
});

type Send = typeof accept;

describe.each(EVENT_SHAPES)('POST /pull behind a $name', ({ toEvent }) => {
  /** Opens the function; the test controls VOD's side of the client. */
  function load(
    send: Send = accept,
    {
      regions = ['ap-singapore', 'ap-seoul'],
      environment = {},
    }: { regions?: string[] | Error; environment?: Record<string, string> } = {},
  ) {
    return openPull({
      ...{ toEvent, environment },
      api: {
        pullUpload: (request) => {
          sent.push(request);
          return send(request);
        },
        describeStorageRegions: async () => {
          if (regions instanceof Error) throw regions;
          const infos = regions.map((Region) => ({ Region, Status: 'opened' }));
          return { StorageRegionInfos: [...infos, { Region: 'ap-mumbai', Status: 'unopened' }] };
        },
      },
    });
  }

  it('passes on every parameter, and writes the envelope into SourceContext', async () => {
    const ask = load();

    const { statusCode, json } = await ask({
      body: {
        mediaUrl: 'https://media.example.com/film?token=canary',
        mediaType: 'MP4',
        mediaName: '한글 film',
        coverUrl: 'https://media.example.com/cover.png',
        procedure: 'LongVideoPreset',
        expireTime: '2027-01-01T09:00:00+09:00',
        storageRegion: 'ap-seoul',
        classId: 7,
        tasksPriority: -10,
        sessionContext: 'session-1',
        sourceContext: 'source-1',
        mediaStoragePath: '/films/film.mp4',
        limits: { maxSeconds: 60 },
      },
    });

    expect(statusCode).toBe(202);
    expect(json).toEqual({
      uploadId: expect.stringMatching(/^[0-7][0-9A-Z]{25}$/),
      taskId: `1500000001-pull-${json.uploadId}`,
      state: 'issued',
    });
    const { SourceContext, ...rest } = sent[0] ?? { SourceContext: '' };
    expect(rest).toEqual({
      MediaUrl: 'https://media.example.com/film?token=canary',
      MediaType: 'mp4',
      MediaName: '한글 film',
      CoverUrl: 'https://media.example.com/cover.png',
      Procedure: 'LongVideoPreset',
      ExpireTime: '2027-01-01T00:00:00Z',
      StorageRegion: 'ap-seoul',
      ClassId: 7,
      TasksPriority: -10,
      SessionContext: 'session-1',
      SessionId: json.uploadId,
      MediaStoragePath: '/films/film.mp4',
    });
    expect(decodeContext(SourceContext ?? '')).toMatchObject({
      sourceContext: 'source-1',
      envelope: {
        uploadId: json.uploadId,
        owner: 'anybody',
        method: 'pull',
        limits: { maxSeconds: 60 },
      },
    });
    expect(log.text).not.toContain('canary');
  });

  it('leaves out absent parameters, and gives each upload a new id', async () => {
    const ask = load();

    const first = await ask({ body: { mediaUrl: MEDIA } });
    const second = await ask({ body: { mediaUrl: MEDIA } });

    expect(Object.keys(sent[0] ?? {}).sort()).toEqual([
      'MediaType',
      'MediaUrl',
      'SessionId',
      'SourceContext',
    ]);
    expect(second.json.uploadId).not.toBe(first.json.uploadId);
  });

  it("uses the same SessionId in every instance, within VOD's 50 characters", async () => {
    const body = { mediaUrl: MEDIA, idempotencyKey: 'x'.repeat(255) };
    await load()({ body });
    await load()({ body });

    expect(sent[0]?.SessionId).toBe(sent[1]?.SessionId);
    expect(sent[0]?.SessionId.length).toBeLessThanOrEqual(50);
  });

  it('counts a pull that VOD already has as a success', async () => {
    const ask = load(async () => ({ kind: 'duplicate', requestId: 'r' }));

    const { statusCode, json } = await ask({ body: { mediaUrl: MEDIA, idempotencyKey: 'a' } });

    expect(statusCode).toBe(202);
    expect(json).toEqual({ uploadId: sent[0]?.SessionId, state: 'issued' });
  });

  it('refuses an invalid idempotency key', async () => {
    const ask = load();
    const odd = await ask({ headers: { 'idempotency-key': 'a b' }, body: { mediaUrl: MEDIA } });

    expect(odd.json.errors[0].path).toBe('Idempotency-Key');
    expect(sent).toEqual([]);
  });

  it.each([
    ['mediaUrl', { mediaUrl: 'http://169.254.169.254/latest/meta.mp4' }],
    ['mediaUrl', { mediaUrl: 'file:///etc/passwd.mp4' }],
    ['mediaUrl', {}],
    ['mediaType', { mediaUrl: 'https://media.example.com/film' }],
    ['mediaUrl', { mediaUrl: 'https://media.example.com/film.mpd' }],
    ['coverUrl', { mediaUrl: MEDIA, coverUrl: 'https://media.example.com/a.svg' }],
    ['storageRegion', { mediaUrl: MEDIA, storageRegion: 'ap-tokyo' }],
    // Known to the account but not enabled.
    ['storageRegion', { mediaUrl: MEDIA, storageRegion: 'ap-mumbai' }],
    ['sourceContext', { mediaUrl: MEDIA, sourceContext: 'x'.repeat(200) }],
    ['expireTime', { mediaUrl: MEDIA, expireTime: '2026-11-22T08:00:00Z' }],
    ['fileName', { mediaUrl: MEDIA, fileName: 'a' }],
  ])('reports a wrong %s, and sends nothing', async (path, body) => {
    const ask = load();

    const { statusCode, json } = await ask({ body });

    expect(statusCode).toBe(400);
    expect(json.errors.map((error: { path: string }) => error.path)).toEqual([path]);
    expect(sent).toEqual([]);
  });

  it('lists the enabled regions, and suggests a similar one', async () => {
    const { json } = await load(accept, { regions: ['me-riyadh'] })({
      body: { mediaUrl: MEDIA, storageRegion: 'me-riyad' },
    });

    expect(json.errors[0].message).toContain('did you mean me-riyadh?');
  });

  it('leaves the check of a region to VOD if the enabled regions cannot be fetched', async () => {
    const ask = load(accept, { regions: new Error('no answer') });

    expect((await ask({ body: { mediaUrl: MEDIA, storageRegion: 'ap-tokyo' } })).statusCode).toBe(
      202,
    );
  });

  it('pulls from the configured hosts only', async () => {
    const ask = load(accept, { environment: { PULL_HOSTS: '*.example.com', PULL_PORTS: '8443' } });
    const statusOf = async (mediaUrl: string) => (await ask({ body: { mediaUrl } })).statusCode;

    expect(await statusOf(MEDIA)).toBe(202);
    expect(await statusOf('https://media.example.com:8443/film.mp4')).toBe(202);
    expect(await statusOf('https://media.example.com:9000/film.mp4')).toBe(400);
    expect(await statusOf('https://evil-example.com/film.mp4')).toBe(400);
    expect(await statusOf('https://media.example.com.evil.org/film.mp4')).toBe(400);
  });

  it("reports VOD's refusal with its code and the field", async () => {
    const ask = load(async () => {
      throw new Problem('VOD refused the call with InvalidParameterValue.MediaUrl.', {
        code: 'upstream_rejected',
        vod: { code: 'InvalidParameterValue.MediaUrl', requestId: 'r1' },
        errors: [{ path: 'mediaUrl', message: 'is not one that VOD takes' }],
      });
    });

    const { statusCode, json } = await ask({ body: { mediaUrl: MEDIA } });

    expect(statusCode).toBe(422);
    expect(json).toMatchObject({
      code: 'upstream_rejected',
      vod: { code: 'InvalidParameterValue.MediaUrl', requestId: 'r1' },
    });
    expect(log.line).toMatchObject({
      level: 'warn',
      code: 'upstream_rejected',
      vodCode: 'InvalidParameterValue.MediaUrl',
      vodRequestId: 'r1',
      fields: ['mediaUrl'],
    });
  });

  describe('of several files', () => {
    it('returns the results in order, with a problem for each wrong item', async () => {
      const ask = load(async (request) => {
        if (request.MediaUrl.endsWith('b.mp4'))
          throw new Problem('no', { code: 'upstream_failed' });
        return accept(request);
      });
      const url = (name: string) => ({ mediaUrl: `https://media.example.com/${name}` });

      const { statusCode, json } = await ask({
        body: {
          items: [
            url('a.mp4'),
            url('b.mp4'),
            { mediaUrl: 'http://127.0.0.1/c.mp4', classId: -1 },
            { ...url('d.mp4'), sourceContext: 'x'.repeat(200) },
            url('e.mp4'),
          ],
        },
      });

      expect(statusCode).toBe(202);
      expect(json.items).toHaveLength(5);
      expect(json.items[0]).toMatchObject({ state: 'issued', taskId: expect.any(String) });
      expect(json.items[1].problem).toMatchObject({ code: 'upstream_failed' });
      const paths = (index: number) =>
        json.items[index].problem.errors.map((error: { path: string }) => error.path).sort();
      expect(paths(2)).toEqual(['items.2.classId', 'items.2.mediaUrl']);
      expect(paths(3)).toEqual(['items.3.sourceContext']);
      expect(json.items[4]).toMatchObject({ state: 'issued' });
      expect(log.line).toMatchObject({ items: 5, accepted: 2, refused: 3, unsent: 0 });
    });

    it('reports which items were not sent when time runs out', async () => {
      let left = 20_000;
      const ask = load(async (request) => {
        left -= 100;
        return accept(request);
      });
      const items = Array.from({ length: 1_000 }, (_, i) => ({
        mediaUrl: `https://media.example.com/${i}.mp4`,
      }));

      const { statusCode, json } = await ask(
        { body: { items } },
        { ...SCF_CONTEXT, getRemainingTimeInMillis: () => left },
      );

      expect(statusCode).toBe(202);
      expect(json.items).toHaveLength(1_000);
      const unsent = json.items.filter((item: object) => 'queued' in item);
      expect(sent.length).toBeGreaterThan(100);
      expect(sent.length + unsent.length).toBe(1_000);
      expect(unsent[0]).toEqual({
        queued: false,
        detail: expect.stringContaining('send it again'),
      });
      expect(json.items[999]).toHaveProperty('queued', false);
    });

    it.each([
      { items: [] },
      { items: 'x' },
      { items: [{}], mediaUrl: MEDIA },
      { items: [{}], x: 1 },
    ])('refuses the whole request %j', async (body) => {
      expect((await load()({ body })).statusCode).toBe(400);
    });
  });
});

describe('main_handler()', () => {
  it('never rejects, and sends nothing to VOD for an unreadable request', async () => {
    vi.stubEnv('AUTH', 'none');
    vi.stubEnv('VOD_SECRET_ID', 'AKIDexample');
    vi.stubEnv('VOD_SECRET_KEY', 'secret-key-example');
    // A request that is accepted fails immediately: nothing listens there.
    vi.stubEnv('VOD_API_ENDPOINT', '127.0.0.1:9');
    vi.stubEnv('VOD_API_PROTOCOL', 'http');
    const { main_handler } = await import('../../functions/pull.ts');
    const anyItem = fc.record(
      {
        mediaUrl: fc.oneof(fc.anything(), fc.webUrl({ withFragments: true })),
        mediaType: fc.anything(),
        storageRegion: fc.anything(),
        limits: fc.anything(),
        idempotencyKey: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const anyBody = fc.oneof(
      fc.anything(),
      anyItem,
      fc.record({ items: fc.oneof(fc.anything(), fc.array(anyItem, { maxLength: 3 })) }),
    );
    const noTime = { getRemainingTimeInMillis: () => 0 };

    await fc.assert(
      fc.asyncProperty(anyBody, fc.anything(), async (body, headers) => {
        const event = { httpMethod: 'POST', headers, body: JSON.stringify(body) };

        const { statusCode } = await main_handler(event, noTime);

        expect([202, 400, 503]).toContain(statusCode);
      }),
      { numRuns: 1_000 },
    );
    vi.unstubAllEnvs();
  });
});
