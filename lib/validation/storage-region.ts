/**
 * Storage regions that VOD's documents have named so far. Accounts have others too (`ap-guangzhou-2` was seen), so
 * this list explains typing errors and never decides what is allowed.
 *
 * @see https://cloud.tencent.com/document/product/266/9760
 */
const NAMED_REGIONS = [
  ...['ap-bangkok', 'ap-beijing', 'ap-beijing-1', 'ap-chengdu', 'ap-chongqing', 'ap-guangzhou'],
  ...['ap-hongkong', 'ap-jakarta', 'ap-mumbai', 'ap-nanjing', 'ap-seoul', 'ap-shanghai'],
  ...['ap-singapore', 'ap-taipei', 'ap-tokyo', 'eu-frankfurt', 'eu-moscow', 'na-ashburn'],
  ...['na-siliconvalley', 'na-toronto', 'sa-saopaulo'],
];

const REGION = /^[a-z]{2}-[a-z]+(?:-\d+)?$/;
const NUMBER = /-\d+$/;

/** Answers what is wrong with `region` as the name of a storage region, or undefined where it may be one. */
export function explainStorageRegion(region: string): string | undefined {
  const place = region.replace(NUMBER, '');
  if (NAMED_REGIONS.includes(region) || NAMED_REGIONS.includes(place)) return undefined;
  const near = findNearRegion(region, NAMED_REGIONS);
  if (near !== undefined) return `is not a storage region; did you mean ${near}?`;
  return REGION.test(region)
    ? undefined
    : 'must be the short name of a storage region, as ap-singapore';
}

/** Answers the region of `regions` that differs from `region` by one slip of the hand, if there is one. */
export function findNearRegion(region: string, regions: readonly string[]): string | undefined {
  return regions.find((named) => isOneSlipAway(region.toLowerCase(), named));
}

/** Answers whether one letter too many, too few, other than it should be, or two swapped ones part `a` from `b`. */
function isOneSlipAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let head = 0;
  while (head < a.length && a[head] === b[head]) head += 1;
  const restA = a.slice(head);
  const restB = b.slice(head);
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}
