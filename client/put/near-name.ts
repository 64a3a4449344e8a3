/** Most letters that are missing, added or changed in a name that was meant. */
const MAX_SLIPS = 2;

/** Returns the name of `known` that was probably meant with `typed`; undefined if none is near. */
export function findNearName(typed: string, known: readonly string[]): string | undefined {
  const most = Math.min(MAX_SLIPS, Math.floor((typed.length - 1) / 2));
  const [nearest] = known
    .map((name) => ({ name, slips: countSlips(typed.toLowerCase(), name.toLowerCase()) }))
    .filter(({ slips }) => slips <= most)
    .toSorted((a, b) => a.slips - b.slips);
  return nearest?.name;
}

/** Returns the Levenshtein distance. */
function countSlips(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
