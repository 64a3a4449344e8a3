import type { FieldError } from '../problem.ts';
import { findNearRegion } from '../validation/storage-region.ts';
import type { CallOptions } from './call.ts';
import type { VodApi } from './client.ts';

/**
 * Answers what is wrong with a storage region for this account, or undefined where it is opened. Where VOD cannot be
 * asked, every region passes: VOD has the last word anyway.
 */
export type CheckOpenedRegion = (
  region: string,
  options: CallOptions,
) => Promise<FieldError | undefined>;

/** Milliseconds for which the list is good: regions are opened by hand, and never closed again. */
const LIST_MILLISECONDS = 10 * 60 * 1_000;

/** Answers a check that asks VOD once in ten minutes. */
export function createOpenedRegionCheck(
  api: Pick<VodApi, 'describeStorageRegions'>,
  now: () => number,
): CheckOpenedRegion {
  let list: { readonly regions: Promise<readonly string[]>; readonly until: number } | undefined;

  const readList = (options: CallOptions) => {
    if (list === undefined || now() >= list.until) {
      const regions = listOpenedRegions(api, options);
      const asked = { regions, until: now() + LIST_MILLISECONDS };
      list = asked;
      regions.catch(() => {
        if (list === asked) list = undefined;
      });
    }
    return list.regions;
  };

  return async (region, options) => {
    const opened = await readList(options).catch((): readonly string[] => []);
    if (opened.length === 0 || opened.includes(region)) return undefined;
    const near = findNearRegion(region, opened);
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    return {
      path: 'storageRegion',
      message: `is not opened for this account, which has ${opened.join(', ')}${meant}`,
    };
  };
}

async function listOpenedRegions(
  api: Pick<VodApi, 'describeStorageRegions'>,
  options: CallOptions,
): Promise<readonly string[]> {
  const { StorageRegionInfos } = await api.describeStorageRegions(options);
  return (StorageRegionInfos ?? [])
    .filter(({ Status }) => Status === 'opened')
    .flatMap(({ Region }) => (Region === undefined ? [] : [Region]));
}
