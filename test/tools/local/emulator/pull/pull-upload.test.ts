import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { omitNulls } from '../../../../support/null-members.ts';
import { film, SOURCE, sha256At, usePulls } from './pull-upload-stage.ts';

const { sources, stage, react, describePulls, end, taskOf, pull } = usePulls();

describe('PullUpload', () => {
  it('stores a source byte for byte, and notifies once', async () => {
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
    expect(body).not.toHaveProperty('FileUploadEvent');
    expect(body['PullCompleteEvent']).toEqual(omitNulls(task));
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

  it('stores the samples with their metadata', async () => {
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

  it('stores a source without Content-Length', async () => {
    react['/chunked'] = (outgoing) => {
      outgoing.write(film.subarray(0, 5));
      outgoing.end(film.subarray(5));
    };

    const task = await pull(`${SOURCE}/chunked`, { MediaType: 'MP4' });

    expect(task).toMatchObject({ ErrCode: 0, MediaBasicInfo: { Type: 'mp4', Name: 'chunked' } });
    expect(await sha256At(task?.FileUrl)).toBe(createHash('sha256').update(film).digest('hex'));
  });

  it('runs a task flow afterwards where one is named', async () => {
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

  it('reports its progress', async () => {
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
    await stage.reopen(describePulls({ parallel: 2 }));
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

describe('PullUpload of a playlist', () => {
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

  it('stores all files that it names, at the same relative paths', async () => {
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

describe('PullUpload across a restart', () => {
  it('starts a pull again that was running, and notifies of its end once', async () => {
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

    expect(body['PullCompleteEvent']).toEqual(omitNulls(task));
    expect(task).toMatchObject({ TaskId, ErrCode: 0 });
    expect(await sha256At(task?.FileUrl)).toBe(createHash('sha256').update(film).digest('hex'));
    expect(sources.asked).toHaveLength(2);
    expect(stage.emulator().media()).toHaveLength(1);
    await stage.reopen();
    expect(stage.receiver.received).toHaveLength(1);
    expect(await taskOf(TaskId)).toEqual(task);
  });
});
