import type { FieldError } from '../problem.ts';
import type { Clock } from '../system.ts';
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

/** Milliseconds for which a list is cached: regions are opened manually, and never closed again. */
const LIST_MILLISECONDS = 10 * 60 * 1_000;

/** A region may have been opened since a list that is older than this was read. */
const RECENT_MILLISECONDS = 10_000;

interface RegionList {
  readonly regions: Promise<readonly string[]>;
  readonly readAt: number;
}

/**
 * Creates a check that asks VOD once in ten minutes for each application, and again if a region is not in a list that is
 * older than some seconds.
 */
export function createOpenedRegionCheck(
  api: Pick<VodApi, 'describeStorageRegions'>,
  clock: Pick<Clock, 'now'>,
): CheckOpenedRegion {
  /** By application. */
  const lists = new Map<number | undefined, RegionList>();

  const readList = (options: CallOptions, maxAge: number) => {
    const { subAppId } = options;
    const known = lists.get(subAppId);
    if (known !== undefined && clock.now() - known.readAt < maxAge) return known.regions;
    const regions = listOpenedRegions(api, options);
    const asked = { regions, readAt: clock.now() };
    lists.set(subAppId, asked);
    regions.catch(() => {
      if (lists.get(subAppId) === asked) lists.delete(subAppId);
    });
    return regions.catch((): readonly string[] => []);
  };

  return async (region, options) => {
    const passes = (opened: readonly string[]) => opened.length === 0 || opened.includes(region);
    if (passes(await readList(options, LIST_MILLISECONDS))) return undefined;
    const opened = await readList(options, RECENT_MILLISECONDS);
    if (passes(opened)) return undefined;
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
