import { afterEach, describe, expect, it, vi } from 'vitest';
import { refusalOf } from '../api/api-stage.ts';
import { SOURCE, usePulls } from './pull-upload-stage.ts';

const DAY = 86_400_000;

const { sources, stage, pull } = usePulls();

afterEach(() => void vi.useRealTimers());

describe('a refused PullUpload', () => {
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

  it('is not one with values at their limits', async () => {
    const task = await pull(`${SOURCE}/film.mp4`, {
      ...{ TasksPriority: -10, SessionContext: 'x'.repeat(1_000), SessionId: 'x'.repeat(50) },
      SourceContext: 'x'.repeat(250),
    });

    expect(task).toMatchObject({ ErrCode: 0 });
  });

  it('for a repeated SessionId, for three days', async () => {
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
