import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { perTest } from '../../../../support/per-test.ts';
import { openApiStage, refusalOf } from './api-stage.ts';

const BEGIN = Date.parse('2026-03-01T10:00:00Z');

const stage = perTest(() => openApiStage());

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: BEGIN }));
afterEach(() => void vi.useRealTimers());

type PullRequest = Parameters<typeof stage.client.PullUpload>[0];
type SearchRequest = NonNullable<Parameters<typeof stage.client.SearchMedia>[0]>;

/** Pulls a sample the given number of seconds after the beginning, and returns its id. */
async function bring(seconds: number, change: Partial<PullRequest> = {}): Promise<string> {
  vi.setSystemTime(BEGIN + seconds * 1_000);
  const MediaUrl = 'http://samples.example.com/tone.wav';
  await stage.client.PullUpload({ MediaUrl, ...change });
  const { body } = await stage.receiver.next();
  return String(Reflect.get(Object(body['PullCompleteEvent']), 'FileId'));
}

async function search(request: SearchRequest = {}): Promise<readonly string[]> {
  const { MediaInfoSet = [] } = await stage.client.SearchMedia(request);
  return MediaInfoSet.map(({ FileId = '' }) => FileId);
}

describe('SearchMedia', () => {
  it('returns the newest first, page by page', async () => {
    const [a, b, c] = [await bring(0), await bring(1), await bring(2)];

    expect(await search()).toEqual([c, b, a]);
    expect(await search({ Sort: { Field: 'CreateTime', Order: 'Asc' } })).toEqual([a, b, c]);
    expect(await search({ Limit: 2 })).toEqual([c, b]);
    expect(await search({ Limit: 2, Offset: 2 })).toEqual([a]);
    expect(await stage.client.SearchMedia({ Limit: 1 })).toMatchObject({ TotalCount: 3 });
  });

  it('returns ten unless more are requested', async () => {
    for (let second = 0; second < 11; second += 1) await bring(second);

    expect(await search()).toHaveLength(10);
    expect(await search({ Limit: 11 })).toHaveLength(11);
  });

  it('returns media as DescribeMediaInfos does', async () => {
    const id = await bring(0, { SourceContext: 'context' });

    const described = await stage.client.DescribeMediaInfos({ FileIds: [id] });
    const found = await stage.client.SearchMedia({});
    const { MediaInfoSet } = await stage.client.SearchMedia({ Filters: ['basicInfo'] });

    expect(found.MediaInfoSet).toEqual(described.MediaInfoSet);
    expect(MediaInfoSet).toMatchObject([
      { MetaData: null, BasicInfo: { SourceInfo: { SourceContext: 'context' } } },
    ]);
  });

  it('includes both ends of a time range, but only the first one of StartTime and EndTime', async () => {
    const [a, b, c] = [await bring(0), await bring(10), await bring(20)];
    const at = (seconds: number) => new Date(BEGIN + seconds * 1_000).toISOString();

    expect(await search({ CreateTime: { After: at(0), Before: at(10) } })).toEqual([b, a]);
    expect(await search({ CreateTime: { After: at(11) } })).toEqual([c]);
    expect(await search({ StartTime: at(0), EndTime: at(10) })).toEqual([a]);
    expect(await search({ EndTime: at(0), CreateTime: { Before: at(10) } })).toEqual([b, a]);
    expect(await search({ ExpireTime: { Before: '2030-01-01T00:00:00Z' } })).toEqual([]);
  });

  it('returns media that match all filters', async () => {
    const { ClassId = 0 } = await stage.client.CreateClass({ ParentId: -1, ClassName: 'sports' });
    const inner = await stage.client.CreateClass({ ParentId: ClassId, ClassName: 'football' });
    const seoul = await bring(0, { StorageRegion: 'ap-seoul', ClassId });
    const goal = await bring(1, {
      ...{ MediaUrl: 'http://samples.example.com/video.mp4', MediaName: 'Goal of the year' },
      ...(inner.ClassId === undefined ? {} : { ClassId: inner.ClassId }),
      ExpireTime: '2026-04-01T00:00:00Z',
    });
    await stage.client.ModifyMediaInfo({ FileId: goal, AddTags: ['final'], Description: 'A goal' });

    const wanted: readonly (readonly [SearchRequest, readonly string[]])[] = [
      [{ FileIds: [seoul, '7'] }, [seoul]],
      [{ ClassIds: [ClassId] }, [goal, seoul]],
      [{ ClassIds: [inner.ClassId ?? 0] }, [goal]],
      [{ Tags: ['final', 'other'] }, [goal]],
      [{ Categories: ['Audio'] }, [seoul]],
      [{ MediaTypes: ['mp4'], StorageRegions: ['ap-seoul'] }, []],
      [{ StorageRegions: ['ap-seoul', 'ap-tokyo'] }, [seoul]],
      [{ NamePrefixes: ['Goal'] }, [goal]],
      [{ Names: ['GOAL'] }, [goal]],
      [{ Descriptions: ['a goal'] }, [goal]],
      [{ Text: 'year nothing' }, [goal]],
      [{ ExpireTime: { Before: '2026-05-01T00:00:00Z' } }, [goal]],
      [{ SourceTypes: ['Record', 'Upload'] }, [goal, seoul]],
      [{ SourceTypes: ['Record'] }, []],
      [{ SourceType: 'Upload', Status: ['Normal'] }, [goal, seoul]],
      [{ StreamIds: ['stream'] }, []],
      [{ ReviewResults: ['pass'] }, []],
    ];
    for (const [request, ids] of wanted) {
      expect([request, await search(request)]).toEqual([request, ids]);
    }
  });

  it('returns the best match of names first, whatever the sort order', async () => {
    const both = await bring(0, { MediaName: 'night train' });
    const one = await bring(1, { MediaName: 'night' });
    await bring(2, { MediaName: 'day' });
    const Names = ['night', 'train'];

    expect(await search({ Names })).toEqual([both, one]);
    expect(await search({ Names, Sort: { Field: 'CreateTime', Order: 'Desc' } })).toEqual([
      both,
      one,
    ]);
  });

  it('does not return expired media', async () => {
    await bring(0, { ExpireTime: '2026-03-01T10:00:05Z' });
    expect(await search()).toHaveLength(1);

    vi.setSystemTime(BEGIN + 5_000);

    expect(await search()).toEqual([]);
  });

  it.each([
    [{ Limit: 0 }, 'InvalidParameterValue.Limit'],
    [{ Limit: 5_000, Offset: 1 }, 'InvalidParameterValue.Limit'],
    [{ Offset: -1 }, 'InvalidParameterValue.Offset'],
    [{ FileIds: Array.from({ length: 11 }, String) }, 'InvalidParameterValue'],
    [{ Tags: ['x'.repeat(33)] }, 'InvalidParameterValue'],
    [{ Text: 'x'.repeat(65) }, 'InvalidParameterValue'],
    [{ Categories: ['Text'] }, 'InvalidParameterValue'],
    [{ CreateTime: { After: 'yesterday' } }, 'InvalidParameterValue'],
    [{ Sort: { Field: 'Name', Order: 'Asc' } }, 'InvalidParameterValue'],
  ] as const)('refuses %j', async (request, code) => {
    const changeable = JSON.parse(JSON.stringify(request));
    expect(await refusalOf(stage.client.SearchMedia(changeable))).toMatchObject({ code });
  });
});
