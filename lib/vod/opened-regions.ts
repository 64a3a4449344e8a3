import type { FieldError } from '../problem.ts';
import { findNearName } from '../validation/near-name.ts';
import type { CallOptions } from './call.ts';
import type { VodApi } from './client.ts';

/**
 * Returns what is wrong with a storage region for the application that the options name, or undefined if the region is
 * open. If VOD cannot be asked, every region passes: VOD checks it in any case.
 */
export type CheckOpenedRegion = (
  region: string,
  options: CallOptions,
) => Promise<FieldError | undefined>;

/** Milliseconds for which the list is cached: regions are opened manually, and never closed again. */
const LIST_MILLISECONDS = 10 * 60 * 1_000;

interface RegionList {
  readonly regions: Promise<readonly string[]>;
  readonly until: number;
}

/** Creates a check that asks VOD at most once in ten minutes for each application. */
export function createOpenedRegionCheck(
  api: Pick<VodApi, 'describeStorageRegions'>,
  now: () => number,
): CheckOpenedRegion {
  /** By application. */
  const lists = new Map<number | undefined, RegionList>();

  const readList = (options: CallOptions) => {
    const { subAppId } = options;
    const known = lists.get(subAppId);
    if (known !== undefined && now() < known.until) return known.regions;
    const regions = listOpenedRegions(api, options);
    const asked = { regions, until: now() + LIST_MILLISECONDS };
    lists.set(subAppId, asked);
    regions.catch(() => {
      if (lists.get(subAppId) === asked) lists.delete(subAppId);
    });
    return regions;
  };

  return async (region, options) => {
    const opened = await readList(options).catch((): readonly string[] => []);
    if (opened.length === 0 || opened.includes(region)) return undefined;
    const near = findNearName(region, opened);
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    return {
      path: 'storageRegion',
      message: `is not opened for this application, which has ${opened.join(', ')}${meant}`,
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
