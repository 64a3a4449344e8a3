import { describe, expect, it } from 'vitest';
import { perTest } from '../../../../support/per-test.ts';
import { openApiStage, refusalOf } from './api-stage.ts';

const stage = perTest(() => openApiStage());

describe('DescribeStorageRegions', () => {
  it('returns the opened regions, the default one and others', async () => {
    const { StorageRegionInfos = [] } = await stage.client.DescribeStorageRegions({});
    const opened = StorageRegionInfos.filter(({ Status }) => Status === 'opened');

    expect(opened.map(({ Region }) => Region)).toEqual(stage.account.regions);
    expect(StorageRegionInfos.filter(({ IsDefault }) => IsDefault)).toMatchObject([
      { Region: 'ap-singapore', Area: 'Outside Chinese Mainland' },
    ]);
    expect(StorageRegionInfos).toContainEqual({
      ...{ Region: 'ap-beijing', Description: 'Beijing', Status: 'unopened', IsDefault: false },
      Area: 'Chinese Mainland',
    });
  });
});

describe('DescribeSubAppIds', () => {
  it('returns the one application, by its name', async () => {
    const all = await stage.client.DescribeSubAppIds({});

    expect(all).toMatchObject({
      TotalCount: 1,
      SubAppIdInfoSet: [
        {
          ...{ SubAppId: stage.account.subAppId, Status: 'On', Mode: 'fileid' },
          StorageRegions: stage.account.regions,
        },
      ],
    });
    expect(await stage.client.DescribeSubAppIds({ Name: 'other' })).toMatchObject({
      TotalCount: 0,
      SubAppIdInfoSet: [],
    });
    expect(await refusalOf(stage.client.DescribeSubAppIds({ Limit: 201 }))).toMatchObject({
      code: 'InvalidParameterValue',
    });
  });
});

describe('CreateClass and DescribeAllClass', () => {
  const create = (ParentId: number, ClassName: string) =>
    stage.client.CreateClass({ ParentId, ClassName });

  it('create categories of four levels and return them', async () => {
    const ids: number[] = [-1];
    for (const name of ['a', 'b', 'c', 'd']) {
      const { ClassId = 0 } = await create(ids.at(-1) ?? 0, name);
      ids.push(ClassId);
    }

    const { ClassInfoSet = [] } = await stage.client.DescribeAllClass({});
    expect(ClassInfoSet.map(({ Name, Level }) => [Name, Level])).toEqual([
      ['Other', 0],
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 3],
    ]);
    expect(ClassInfoSet[1]?.SubClassIdSet).toEqual([ids[2]]);
    expect(await refusalOf(create(ids.at(-1) ?? 0, 'e'))).toMatchObject({
      code: 'FailedOperation.ClassLevelLimitExceeded',
    });
  });

  it('refuse a name that exists in the same place, an unknown parent, and a name of 0 or 65 characters', async () => {
    await create(-1, 'a');

    expect(await refusalOf(create(-1, 'a'))).toMatchObject({
      code: 'FailedOperation.ClassNameDuplicate',
    });
    expect(await refusalOf(create(99, 'a'))).toMatchObject({
      code: 'FailedOperation.ParentIdNoFound',
    });
    for (const name of ['', 'x'.repeat(65)]) {
      expect(await refusalOf(create(-1, name))).toMatchObject({ code: 'InvalidParameterValue' });
    }
  });
});
