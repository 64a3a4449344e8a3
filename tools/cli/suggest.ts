/** Most typing errors between a word and the suggested one. */
const MAX_SLIPS = 2;

/**
 * Returns ` Did you mean "…"?` with the word of `known` that is nearest to `word`, or the empty text if none is near. A
 * word is near if at most two letters, and fewer than half of the word, are missing, added, changed or swapped with the
 * next. Leading dashes are ignored.
 */
export function suggest(word: string, known: readonly string[]): string {
  const typed = dropDashes(word);
  const most = Math.min(MAX_SLIPS, Math.floor((typed.length - 1) / 2));
  const [nearest] = known
    .map((name) => {
      const meant = dropDashes(name);
      return { name, slips: meant.startsWith(typed) ? 0 : countSlips(typed, meant, most) };
    })
    .filter(({ slips }) => slips <= most)
    .toSorted((a, b) => a.slips - b.slips);
  return nearest === undefined ? '' : ` Did you mean "${nearest.name}"?`;
}

function dropDashes(word: string): string {
  return word.replace(/^-+/, '');
}

/** Returns the number of typing errors between two words; counting stops after `most`. */
function countSlips(a: string, b: string, most: number): number {
  if (a === b) return 0;
  if (most <= 0) return Number.POSITIVE_INFINITY;
  let same = 0;
  while (a[same] === b[same]) same += 1;
  const [one, other] = [a.slice(same), b.slice(same)];
  const corrected = [
    [one.slice(1), other],
    [one, other.slice(1)],
    [one.slice(1), other.slice(1)],
    ...(one[0] === other[1] && one[1] === other[0] ? [[one.slice(2), other.slice(2)]] : []),
  ];
  return 1 + Math.min(...corrected.map(([x = '', y = '']) => countSlips(x, y, most - 1)));
}
