/**
 * Answers whether a JSON value has more than so many levels of objects and arrays. It does not recurse, since a text of
 * 256 kB may have more levels than any stack holds.
 */
export function isDeeperThan(levels: number, value: unknown): boolean {
  let level: readonly object[] = listObjects([value]);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === levels) return true;
    level = level.flatMap((holder) => listObjects(Object.values(holder)));
  }
  return false;
}

function listObjects(values: readonly unknown[]): readonly object[] {
  return values.filter((value) => typeof value === 'object' && value !== null);
}
