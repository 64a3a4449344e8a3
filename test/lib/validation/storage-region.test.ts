import { describe, expect, it } from 'vitest';
import { explainStorageRegion } from '../../../lib/validation/storage-region.ts';

describe('explainStorageRegion()', () => {
  it.each(['ap-singapore', 'ap-beijing-1', 'sa-saopaulo', 'ap-guangzhou-2', 'me-riyadh'])(
    'lets %s pass',
    (region) => {
      expect(explainStorageRegion(region)).toBeUndefined();
    },
  );

  it.each([
    ['ap-singapor', 'ap-singapore'],
    ['ap-singaporee', 'ap-singapore'],
    ['ap-singaproe', 'ap-singapore'],
    ['AP-Seoul', 'ap-seoul'],
    ['ap_tokyo', 'ap-tokyo'],
  ])('asks behind %s whether %s was meant', (region, meant) => {
    expect(explainStorageRegion(region)).toContain(`did you mean ${meant}?`);
  });

  it.each(['', 'mars', 'ap-', 'ap-singapore/', 'singapore', 'ap-singapore-x', '../etc'])(
    'refuses %j',
    (region) => {
      expect(explainStorageRegion(region)).toContain('storage region');
    },
  );
});
