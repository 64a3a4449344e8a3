import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EmulatorOptions } from '../../../../../tools/local/emulator/emulator.ts';
import { type ApiStage, openApiStage, refusalOf } from '../api/api-stage.ts';
import { openSourceServer, type SourceServer } from './source-server.ts';

const SOURCE = 'http://videos.example.com';
const DAY = 86_400_000;
// More than one part, and not a whole number of them.
const film = randomBytes(9 * 1024 * 1024 + 7);
const times = { idleMilliseconds: 2_000, totalMilliseconds: 20_000 };

let sources: SourceServer;
let stage: ApiStage;
/** What the server does for a path beyond those that every test may use. */
let react: Record<string, (outgoing: ServerResponse, incoming: IncomingMessage) => void>;

function answer(incoming: IncomingMessage, outgoing: ServerResponse, origin: string): void {
  const path = (incoming.url ?? '').split('?')[0] ?? '';
  const own = react[path];
  if (own !== undefined) own(outgoing, incoming);
  else if (path.startsWith('/film'))
    outgoing.writeHead(200, { 'Content-Length': film.length }).end(film);
  else if (path === '/loop.mp4') outgoing.writeHead(302, { Location: '/loop.mp4' }).end();
  else if (path === '/private.mp4')
    outgoing.writeHead(301, { Location: `${origin}/film.mp4` }).end();
  else outgoing.writeHead(404).end();
}

const open = (change: Partial<EmulatorOptions> = {}) =>
  openApiStage({
    pull: { resolve: { 'videos.example.com': sources.origin }, ...times },
    ...change,
  });

beforeEach(async () => {
  react = {};
  sources = await openSourceServer(answer);
  stage = await open();
});
afterEach(async () => {
  vi.useRealTimers();
  await stage.close();
  await sources.close();
});

/** Resolves when a pull is at its end. */
const end = () =>
  stage.next((activity) => activity.type === 'pull' && activity.status === 'FINISH');

async function taskOf(taskId: string | undefined) {
  const detail = await stage.client.DescribeTaskDetail({ TaskId: taskId ?? '' });
  return detail.PullUploadTask;
}

/** Pulls and answers the task at its end. */
async function pull(MediaUrl: string, change: object = {}) {
  const ended = end();
  const { TaskId } = await stage.client.PullUpload({ MediaUrl, ...change });
  await ended;
  return taskOf(TaskId);
}

async function sha256At(url: string | undefined): Promise<string> {
  const bytes = await (await fetch(url ?? '')).arrayBuffer();
  return createHash('sha256').update(Buffer.from(bytes)).digest('hex');
}

describe('PullUpload', () => {
  it('brings a source in, byte for byte, and announces it once', async () => {
    const { TaskId } = await stage.client.PullUpload({
      MediaUrl: `${SOURCE}/film.mp4?signature=secret`,
      ...{ MediaName: 'holiday', ClassId: 7, StorageRegion: 'ap-seoul' },
      ...{ ExpireTime: '2099-01-01T08:00:00+08:00', SourceContext: 'order 7' },
      ...{ SessionContext: 'basket 9', SessionId: 'once' },
    });
    const { body } = await stage.receiver.next();
    const task = await taskOf(TaskId);

    expect(TaskId).toMatch(/^1500000001-pull-[0-9a-f]{32}$/);
    expect(body['EventType']).toBe('PullComplete');
    expect(body['FileUploadEvent']).toBeNull();
    expect(body['PullCompleteEvent']).toEqual(task);
    expect(task).toMatchObject({
      ...{ TaskId, Status: 'FINISH', ErrCode: 0, Progress: 100 },
      ...{ SessionContext: 'basket 9', SessionId: 'once', ProcedureTaskId: '' },
      MediaBasicInfo: {
        ...{ Name: 'holiday', Type: 'mp4', Category: 'Video', ClassId: 7 },
        ...{ StorageRegion: 'ap-seoul', ExpireTime: '2099-01-01T00:00:00Z', CoverUrl: '' },
        SourceInfo: { SourceType: 'Upload', SourceContext: 'order 7' },
      },
      // Nothing but random bytes, in which nobody finds a film.
      MetaData: null,
    });
    expect(task?.FileUrl).toBe(task?.MediaBasicInfo?.MediaUrl);
    expect(await sha256At(task?.FileUrl)).toBe(createHash('sha256').update(film).digest('hex'));
    expect(sources.asked).toEqual(['videos.example.com/film.mp4?signature=secret']);
    expect(stage.emulator().media()).toMatchObject([{ fileId: task?.FileId }]);
  });

  it('brings the samples in, with what can be read of them', async () => {
    const video = await pull('https://samples.example.com/video.mp4', {
      CoverUrl: 'https://samples.example.com/cover.png',
    });
    const tone = await pull('http://samples.example.com/tone.wav');
    const redirected = await pull('http://samples.example.com/redirect.mp4');

    expect(video).toMatchObject({
      ErrCode: 0,
      MediaBasicInfo: { Name: 'video', StorageRegion: 'ap-singapore' },
      MetaData: { Width: 64, Height: 48, Duration: 2 },
    });
    expect(await sha256At(video?.MediaBasicInfo?.CoverUrl)).toBe(
      await sha256At(
        (await pull('http://samples.example.com/cover.png', { MediaType: 'png' }))?.FileUrl,
      ),
    );
    expect(tone).toMatchObject({ ErrCode: 0, MediaBasicInfo: { Category: 'Audio' } });
    expect(redirected).toMatchObject({ ErrCode: 0 });
  });

  it('brings a source in that does not say how large it is', async () => {
    react['/chunked'] = (outgoing) => {
      outgoing.write(film.subarray(0, 5));
      outgoing.end(film.subarray(5));
    };

    const task = await pull(`${SOURCE}/chunked`, { MediaType: 'MP4' });

    expect(task).toMatchObject({ ErrCode: 0, MediaBasicInfo: { Type: 'mp4', Name: 'chunked' } });
    expect(await sha256At(task?.FileUrl)).toBe(createHash('sha256').update(film).digest('hex'));
  });

  it('runs a flow afterwards where one is named', async () => {
    await stage.client.PullUpload({
      MediaUrl: `${SOURCE}/film.mp4`,
      ...{ Procedure: 'LongVideoPreset', TasksPriority: 3, SessionContext: 'basket 9' },
    });
    const [pulled, processed] = [await stage.receiver.next(), await stage.receiver.next()];

    const ProcedureTaskId = expect.stringMatching(/^1500000001-Procedure-/);
    expect(pulled.body).toMatchObject({ PullCompleteEvent: { ErrCode: 0, ProcedureTaskId } });
    expect(processed.body).toMatchObject({
      EventType: 'ProcedureStateChanged',
      ProcedureStateChangeEvent: {
        ...{ TaskId: ProcedureTaskId, Status: 'FINISH', SessionContext: 'basket 9' },
        TasksPriority: 3,
      },
    });
  });

  it('describes its progress while it lasts', async () => {
    let rest = () => {};
    react['/half.mp4'] = (outgoing) => {
      outgoing.writeHead(200, { 'Content-Length': film.length });
      outgoing.write(film.subarray(0, film.length / 2));
      rest = () => outgoing.end(film.subarray(film.length / 2));
    };
    const isHalf = stage.next((activity) => activity.type === 'pull' && activity.progress >= 25);
    const ended = end();

    const { TaskId } = await stage.client.PullUpload({ MediaUrl: `${SOURCE}/half.mp4?key=secret` });
    expect(await isHalf).toMatchObject({
      status: 'PROCESSING',
      url: 'videos.example.com/half.mp4',
    });
    const detail = await stage.client.DescribeTaskDetail({ TaskId: TaskId ?? '' });
    rest();
    await ended;

    expect(detail).toMatchObject({
      ...{ TaskType: 'PullUpload', Status: 'PROCESSING', FinishTime: '', ProcedureTask: null },
      PullUploadTask: { Status: 'PROCESSING', FileId: '', MediaBasicInfo: null },
    });
    expect(detail.PullUploadTask?.Progress).toBeGreaterThanOrEqual(25);
    expect(detail.PullUploadTask?.Progress).toBeLessThan(100);
    const reports = stage.activity.since(0).filter(({ type }) => type === 'pull');
    expect(reports[0]).toMatchObject({ status: 'WAITING', taskId: TaskId });
    expect(JSON.stringify(reports)).not.toContain('secret');
  });

  it('reads a bounded number of sources at once', async () => {
    await stage.reopen({
      pull: { resolve: { 'videos.example.com': sources.origin }, ...times, parallel: 2 },
    });
    const held: ServerResponse[] = [];
    let most = 0;
    let arrived = () => {};
    react['/held.mp4'] = (outgoing) => {
      held.push(outgoing);
      most = Math.max(most, held.length);
      arrived();
    };
    const begun = new Promise<void>((resolve) => {
      arrived = () => held.length === 2 && resolve();
    });
    for (let index = 0; index < 5; index += 1) {
      await stage.client.PullUpload({ MediaUrl: `${SOURCE}/held.mp4` });
    }
    await begun;
    const { TaskSet: waiting } = await stage.client.DescribeTasks({ Status: 'WAITING' });

    const ended = new Promise<void>((resolve) => {
      let left = 5;
      stage.activity.listen((activity) => {
        if (activity.type !== 'pull' || activity.status !== 'FINISH') return;
        left -= 1;
        if (left === 0) resolve();
      });
    });
    const release = () => {
      for (const outgoing of held.splice(0)) outgoing.writeHead(200).end('film');
    };
    arrived = release;
    release();
    await ended;

    expect(waiting).toHaveLength(3);
    expect(most).toBe(2);
  });
});

describe('a playlist', () => {
  const playlists: Record<string, string> = {
    '/show/main.m3u8': '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/list.m3u8?token=7\n',
    '/show/low/list.m3u8': '#EXTM3U\n#EXTINF:4,\n0.ts\n#EXTINF:4,\n1.ts\n',
    '/show/low/0.ts': 'first',
    '/show/low/1.ts': 'second',
    '/far/main.m3u8': '#EXTM3U\nhttps://cdn.example.com/0.ts\n',
    '/gap/main.m3u8': '#EXTM3U\nmissing.ts\n',
  };

  beforeEach(() => {
    for (const [path, content] of Object.entries(playlists)) {
      react[path] = (outgoing) => outgoing.setHeader('Content-Type', 'text/plain').end(content);
    }
  });

  it('comes with all that it names, in the same places', async () => {
    const task = await pull(`${SOURCE}/show/main.m3u8`);
    const read = async (name: string) => (await fetch(new URL(name, task?.FileUrl))).text();

    expect(task).toMatchObject({ ErrCode: 0, MediaBasicInfo: { Type: 'm3u8' } });
    expect(await read('low/list.m3u8')).toBe(playlists['/show/low/list.m3u8']);
    expect([await read('low/0.ts'), await read('low/1.ts')]).toEqual(['first', 'second']);
  });

  it.each(['/far/main.m3u8', '/gap/main.m3u8'])('fails as a whole: %s', async (path) => {
    expect(await pull(`${SOURCE}${path}`)).toMatchObject({ ErrCode: 60_000 });
    expect(await readdir(join(stage.dir, 'storage', 'objects'))).toEqual([]);
  });
});

describe('a source that cannot be had', () => {
  const sourceError = 60_000;
  const badParameter = 40_000;

  it.each([
    ['is missing', 'http://samples.example.com/missing.mp4', sourceError, '404'],
    ['is a page', 'http://samples.example.com/wrong-type.mp4', sourceError, 'text/html'],
    ['stalls', 'http://samples.example.com/slow.mp4', sourceError, '2000 ms'],
    ['breaks off', 'http://samples.example.com/truncated.mp4', sourceError, 'broke off'],
    [
      'redirects to this machine',
      'http://samples.example.com/redirect-private.mp4',
      sourceError,
      'not public',
    ],
    ['redirects to a private network', `${SOURCE}/private.mp4`, sourceError, 'not public'],
    ['redirects for ever', `${SOURCE}/loop.mp4`, sourceError, 'redirects'],
    ['is on this machine', 'http://127.0.0.1:9/a.mp4', badParameter, 'not public'],
    ['is on this machine by name', 'http://localhost:9/a.mp4', badParameter, 'not public'],
    ['is in the cloud’s own network', 'http://169.254.169.254/a.mp4', badParameter, 'not public'],
    ['is on this machine in the other family', 'http://[::1]:9/a.mp4', badParameter, 'not public'],
  ])('ends with a code where it %s', async (_name, url, ErrCode, message) => {
    const task = await pull(url);
    const { body } = await stage.receiver.next();

    expect(task).toMatchObject({
      ...{ Status: 'FINISH', ErrCode, Message: expect.stringContaining(message) },
      ...{ FileId: '', FileUrl: '', MediaBasicInfo: null, MetaData: null },
    });
    expect(body).toMatchObject({ EventType: 'PullComplete', PullCompleteEvent: { ErrCode } });
    expect(stage.emulator().media()).toEqual([]);
  });

  it('ends with a code where it is empty, or redirects to what is no web address', async () => {
    react['/empty.mp4'] = (outgoing) => outgoing.writeHead(200).end();
    react['/file.mp4'] = (outgoing) =>
      outgoing.writeHead(302, { Location: 'file:///etc/passwd' }).end();

    expect(await pull(`${SOURCE}/empty.mp4`)).toMatchObject({ ErrCode: sourceError });
    expect(await pull(`${SOURCE}/file.mp4`)).toMatchObject({ ErrCode: sourceError });
  });

  it('ends after the whole time, though it always sends something', async () => {
    await stage.reopen({
      pull: { resolve: { 'videos.example.com': sources.origin }, totalMilliseconds: 100 },
    });
    react['/drip.mp4'] = (outgoing) => {
      outgoing.writeHead(200, { 'Content-Length': 1_000_000 });
      const timer = setInterval(() => outgoing.write('x'), 5);
      outgoing.once('close', () => clearInterval(timer));
    };

    expect(await pull(`${SOURCE}/drip.mp4`)).toMatchObject({
      ErrCode: sourceError,
      Message: expect.stringContaining('100 ms'),
    });
  });

  it('fails the pull where it is the cover, and keeps no media', async () => {
    react['/cover.png'] = (outgoing) => outgoing.end('no picture');

    for (const cover of ['/cover.png', '/missing.png']) {
      expect(await pull(`${SOURCE}/film.mp4`, { CoverUrl: `${SOURCE}${cover}` })).toMatchObject({
        ErrCode: badParameter,
        Message: expect.stringContaining('CoverUrl'),
      });
    }
    expect(stage.emulator().media()).toEqual([]);
    expect(await readdir(join(stage.dir, 'storage', 'objects'))).toEqual([]);
  });

  it('slow-source makes one wait as long as it is told', async () => {
    stage.faults.arm('slow-source', 1, 10_000);

    expect(await pull(`${SOURCE}/film.mp4`)).toMatchObject({ ErrCode: sourceError });
    stage.faults.arm('slow-source', 1, 1);
    expect(await pull(`${SOURCE}/film.mp4`)).toMatchObject({ ErrCode: 0 });
  });
});

describe('a request that is refused', () => {
  const long = 'x'.repeat(1_001);

  it.each([
    [{ MediaUrl: 'film.mp4' }, 'InvalidParameterValue.MediaUrl'],
    [{ MediaUrl: 'ftp://videos.example.com/film.mp4' }, 'InvalidParameterValue.MediaUrl'],
    [{ MediaUrl: `${SOURCE}/film` }, 'FailedOperation.MediaType'],
    [{ MediaUrl: `${SOURCE}/film.exe` }, 'FailedOperation.MediaType'],
    [{ MediaUrl: `${SOURCE}/film.mpd` }, 'FailedOperation.MediaType'],
    [{ MediaType: 'mpd' }, 'FailedOperation.MediaType'],
    [{ CoverUrl: 'cover.png' }, 'InvalidParameterValue.CoverUrl'],
    [{ CoverUrl: `${SOURCE}/cover.bmp` }, 'FailedOperation.CoverType'],
    [{ StorageRegion: 'ap-bangkok' }, 'InvalidParameter.StorageRegion'],
    [{ ExpireTime: 'tomorrow' }, 'InvalidParameterValue.ExpireTime'],
    [{ ExpireTime: '2001-01-01T00:00:00Z' }, 'InvalidParameter.ExpireTime'],
    [{ TasksPriority: 11 }, 'InvalidParameterValue'],
    [{ SessionContext: long }, 'InvalidParameterValue.SessionContextTooLong'],
    [{ SessionId: 'x'.repeat(51) }, 'InvalidParameterValue.SessionIdTooLong'],
    [{ SourceContext: 'x'.repeat(251) }, 'InvalidParameterValue'],
    [{ MediaStoragePath: '/a/b.mp4' }, 'InvalidParameterValue.MediaStoragePath'],
  ])('for %j has the code %s', async (change, code) => {
    const request = { MediaUrl: `${SOURCE}/film.mp4`, ...change };

    expect(await refusalOf(stage.client.PullUpload(request))).toMatchObject({ code });
    expect(sources.asked).toEqual([]);
  });

  it('takes values at their limits', async () => {
    const task = await pull(`${SOURCE}/film.mp4`, {
      ...{ TasksPriority: -10, SessionContext: 'x'.repeat(1_000), SessionId: 'x'.repeat(50) },
      SourceContext: 'x'.repeat(250),
    });

    expect(task).toMatchObject({ ErrCode: 0 });
  });

  it('for a SessionId that came before, for three days and not longer', async () => {
    const request = { MediaUrl: `${SOURCE}/film.mp4`, SessionId: 'once' };
    const begin = Date.now();
    // Client and emulator have the same clock: the requests stay fresh.
    vi.useFakeTimers({ toFake: ['Date'], now: begin });
    await pull(request.MediaUrl, { SessionId: 'once' });

    vi.setSystemTime(begin + 3 * DAY - 1_000);
    const second = await refusalOf(stage.client.PullUpload(request));
    vi.setSystemTime(begin + 3 * DAY);
    const third = await pull(request.MediaUrl, { SessionId: 'once' });

    expect(second.code).toBe('InvalidParameterValue.SessionId');
    expect(third).toMatchObject({ ErrCode: 0, SessionId: 'once' });
  });

  it('leaves its SessionId unused', async () => {
    await refusalOf(stage.client.PullUpload({ MediaUrl: `${SOURCE}/film.exe`, SessionId: 'once' }));

    expect(await pull(`${SOURCE}/film.mp4`, { SessionId: 'once' })).toMatchObject({ ErrCode: 0 });
    expect(await pull(`${SOURCE}/film.mp4`, { SessionId: '' })).toMatchObject({ ErrCode: 0 });
    expect(await pull(`${SOURCE}/film.mp4`, { SessionId: '' })).toMatchObject({ ErrCode: 0 });
  });
});

describe('a restart', () => {
  it('in the middle of a pull begins it anew, and describes its end once', async () => {
    let asked = () => {};
    const begun = new Promise<void>((resolve) => {
      asked = resolve;
    });
    react['/twice.mp4'] = (outgoing) => {
      outgoing.writeHead(200, { 'Content-Length': film.length });
      outgoing.write(film.subarray(0, 100));
      react['/twice.mp4'] = (again) => again.end(film);
      asked();
    };
    const { TaskId } = await stage.client.PullUpload({
      ...{ MediaUrl: `${SOURCE}/twice.mp4`, SourceContext: 'order 7' },
    });
    await begun;

    await stage.reopen();
    const { body } = await stage.receiver.next();
    const task = await taskOf(TaskId);

    expect(body['PullCompleteEvent']).toEqual(task);
    expect(task).toMatchObject({ TaskId, ErrCode: 0 });
    expect(await sha256At(task?.FileUrl)).toBe(createHash('sha256').update(film).digest('hex'));
    expect(sources.asked).toHaveLength(2);
    expect(stage.emulator().media()).toHaveLength(1);
    await stage.reopen();
    expect(stage.receiver.received).toHaveLength(1);
    expect(await taskOf(TaskId)).toEqual(task);
  });
});
