import { describe, expect, it } from 'vitest';
import { findNearName } from '../../../lib/validation/near-name.ts';
import { explainStorageRegion } from '../../../lib/validation/storage-region.ts';

describe('explainStorageRegion()', () => {
  it.each([
    ...['ap-singapore', 'ap-beijing-1', 'ap-beijing-2', 'ap-beijing-12', 'sa-saopaulo'],
    ...['ap-guangzhou-2', 'me-riyadh', 'me-riyadh-12', 'ap-shanghai-fsi', 'ap-shenzhen-fsi'],
  ])('accepts %s', (region) => {
    expect(explainStorageRegion(region)).toBeUndefined();
  });

  it.each([
    ['ap-singapor', 'ap-singapore'],
    ['ap-singaporee', 'ap-singapore'],
    ['ap-singaproe', 'ap-singapore'],
    ['AP-Seoul', 'ap-seoul'],
    ['ap_tokyo', 'ap-tokyo'],
  ])('suggests for %s the region %s', (region, meant) => {
    expect(explainStorageRegion(region)).toContain(`did you mean ${meant}?`);
  });

  it.each([
    '',
    'mars',
    'ap-',
    'ap-2-beijing',
    'ap-singapore/',
    'singapore',
    'ap-singapore-',
    'ap-singapore--fsi',
    'ap-singapore-FSI',
    '../etc',
  ])('refuses %j', (region) => {
    expect(explainStorageRegion(region)).toContain('storage region');
  });
});

describe('findNearName()', () => {
  it.each(['CLASSID', 'clasId', 'claxssId', 'classIdx', 'claxsId', 'calssId'])(
    'treats %s as a typing mistake',
    (text) => {
      expect(findNearName(text, ['procedure', 'classId'])).toBe('classId');
    },
  );

  it.each(['', 'clxxsId', 'caxssId', 'cxlssId', 'calssIx', 'classIdxx', 'clssI'])(
    'treats %j as another name',
    (text) => {
      expect(findNearName(text, ['procedure', 'classId'])).toBeUndefined();
    },
  );
});
