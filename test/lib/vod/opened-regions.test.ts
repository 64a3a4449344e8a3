import { beforeEach, describe, expect, it } from 'vitest';
import { createOpenedRegionCheck } from '../../../lib/vod/opened-regions.ts';

let time: number;
let opened: string[];
let asked: number;

beforeEach(() => {
  time = 0;
  opened = ['ap-seoul'];
  asked = 0;
});

function open() {
  const describeStorageRegions = async () => {
    asked += 1;
    const StorageRegionInfos = opened.map((Region) => ({ Region, Status: 'opened' }));
    return { StorageRegionInfos, RequestId: '' };
  };
  const check = createOpenedRegionCheck({ describeStorageRegions }, { now: () => time });
  return (region: string) => check(region, {});
}

describe('createOpenedRegionCheck()', () => {
  it('asks once in ten minutes for regions that are open', async () => {
    const check = open();
    for (time of [0, 1_000, 599_999]) expect(await check('ap-seoul')).toBeUndefined();
    expect(asked).toBe(1);

    time = 600_000;
    await check('ap-seoul');
    expect(asked).toBe(2);
  });

  it('accepts a region that was opened since it asked', async () => {
    const check = open();
    expect(await check('ap-singapore')).toEqual({
      path: 'storageRegion',
      message: 'is not opened for this application, which has ap-seoul',
    });
    opened.push('ap-singapore');
    time = 10_000;

    expect(await check('ap-singapore')).toBeUndefined();
  });

  it('asks at most once in ten seconds, however often a region is refused', async () => {
    const check = open();
    for (time = 0; time < 20_000; time += 500) {
      expect(await check('ap-singapore')).toHaveProperty('message');
    }
    expect(asked).toBe(2);
  });
});
