import { describe, expect, it, vi } from 'vitest';
import { checkFile } from '../../client/check-file.ts';
import type { UploadLimits } from '../../client/signature-fields.ts';
import { judgeMedia } from '../../lib/policy/judge-media.ts';
import { fileOf, useUploadStage } from './upload-stage.ts';

const stage = useUploadStage();

const deletions = () => stage.service.calls.filter(({ method }) => method === 'DELETE');

describe('a file over a limit of its request', () => {
  it.each<[string, UploadLimits]>([
    ['its size', { maxBytes: 99 }],
    ['its type', { mediaTypes: ['mov'] }],
    ['its duration', { maxSeconds: 60 }],
  ])('is refused for %s before anything is asked for', async (_, limits) => {
    const inspect = async () => ({ duration: 61 });
    const upload = stage.client({ inspect }).upload(fileOf(), { request: { limits } });
    await stage.pass();

    expect(upload.state).toMatchObject({
      name: 'failed',
      canResume: false,
      problem: { code: 'limits_exceeded', rule: Object.keys(limits)[0] },
    });
    expect(stage.service.calls).toEqual([]);
    expect(stage.sdk.uploads).toEqual([]);
    upload.resume();
    expect(upload.state.name).toBe('failed');
  });
});

describe('a file over a limit of its profile', () => {
  it('is refused before a byte is sent, and the service need not wait for it', async () => {
    stage.service.limits = { maxBytes: 99 };
    const upload = stage.client().upload(fileOf());
    await stage.pass();

    expect(upload.state).toMatchObject({ name: 'failed', problem: { code: 'limits_exceeded' } });
    expect(stage.sdk.uploads).toEqual([]);
    expect(deletions().map(({ path }) => path)).toEqual(['/uploads/upload-1']);
  });

  it('frees its place for the next', async () => {
    stage.service.limits = { maxBytes: 50 };
    const client = stage.client({ concurrency: 1 });
    client.upload(fileOf('one.mp4', 51));
    const other = client.upload(fileOf('other.mp4', 50));
    await stage.pass();

    expect(other.state.name).toBe('preparing');
    expect(stage.sdk.uploads).toHaveLength(1);
  });
});

describe('checkFile()', () => {
  it('says what the service would say afterwards', async () => {
    const limits = { maxBytes: 99, maxSeconds: 60, mediaTypes: ['mov', 'webm'] };
    const type = 'mp4';
    const facts = { size: 100, type, duration: 60, container: 'mov' };

    expect(await checkFile(fileOf(), limits, async () => ({ duration: 60 }))).toEqual(
      judgeMedia(limits, facts),
    );
    const long = { maxSeconds: 60 };
    expect(await checkFile(fileOf(), long, async () => ({ duration: 60.5 }))).toEqual(
      judgeMedia(long, { ...facts, duration: 60.5 }),
    );
  });

  it('accepts what is exactly at its limits, in whatever case its type is written', async () => {
    const limits = { maxBytes: 100, maxSeconds: 60, mediaTypes: ['MP4'] };

    expect(
      await checkFile(fileOf('FILM.Mp4'), limits, async () => ({ duration: 60 })),
    ).toBeUndefined();
  });

  it('refuses a name without a type, if types are limited', async () => {
    expect(await checkFile(fileOf('film'), { mediaTypes: ['mp4'] })).toMatchObject({
      detail: 'The file is not what its upload allows: it is without a type, and must be mp4.',
    });
  });

  it('refuses content that does not fit the types, as far as an inspection finds any', async () => {
    const limits = { mediaTypes: ['mp4'] };

    expect(
      await checkFile(fileOf(), limits, async () => ({ types: ['mkv', 'webm'] })),
    ).toMatchObject({
      detail: 'The file is not what its upload allows: it is mkv or webm, and must be mp4.',
    });
    expect(
      await checkFile(fileOf(), limits, async () => ({ types: ['mov', 'mp4'] })),
    ).toBeUndefined();
    expect(await checkFile(fileOf(), limits, async () => ({}))).toBeUndefined();
  });

  it('lets pass what cannot be read here: VOD has the last word', async () => {
    const inspect = vi.fn().mockRejectedValue(new Error('unreadable'));

    expect(await checkFile(fileOf(), { maxSeconds: 1 }, inspect)).toBeUndefined();
    expect(inspect).toHaveBeenCalledOnce();
  });

  it('does not look into a file that is already refused', async () => {
    const inspect = vi.fn();

    expect(await checkFile(fileOf(), { maxBytes: 1 }, inspect)).toBeDefined();
    expect(inspect).not.toHaveBeenCalled();
  });

  it('knows no duration where there is no browser', async () => {
    expect(await checkFile(fileOf(), { maxSeconds: 1 })).toBeUndefined();
  });
});
