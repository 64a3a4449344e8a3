import { findNearName } from './near-name.ts';

/**
 * Storage regions that VOD's documentation names. Accounts have others too (`ap-guangzhou-2` was seen), so this list
 * only explains typing errors and never decides what is allowed.
 *
 * @see https://cloud.tencent.com/document/product/266/9760
 */
const NAMED_REGIONS =
  'ap-bangkok ap-beijing ap-beijing-1 ap-chengdu ap-chongqing ap-guangzhou ap-hongkong ap-jakarta ap-mumbai ap-nanjing ap-seoul ap-shanghai ap-singapore ap-taipei ap-tokyo eu-frankfurt eu-moscow na-ashburn na-siliconvalley na-toronto sa-saopaulo'.split(
    ' ',
  );

/**
 * What the short name of any region looks like: `ap-singapore`, `ap-beijing-1`, and with a suffix of letters, such as
 * `ap-shanghai-fsi`. As a storage region, one that is nearly a known name is refused nevertheless.
 *
 * @see https://cloud.tencent.com/document/product/436/6224
 */
export const REGION = /^[a-z]{2}-[a-z]+(?:-[a-z\d]+)*$/;
const NUMBER = /-\d+$/;

/** Returns what is wrong with `region` as the name of a storage region, or undefined if it may be one. */
export function explainStorageRegion(region: string): string | undefined {
  const place = region.replace(NUMBER, '');
  if (NAMED_REGIONS.includes(region) || NAMED_REGIONS.includes(place)) return undefined;
  const near = findNearName(region, NAMED_REGIONS);
  if (near !== undefined) return `is not a storage region; did you mean ${near}?`;
  return REGION.test(region)
    ? undefined
    : 'must be the short name of a storage region, such as ap-singapore';
}
