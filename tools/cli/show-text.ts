/** Characters that move a cursor, change colours or reorder text: others choose the names of media. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Returns `text` for a terminal, without what a terminal would obey. */
export function showText(text: string): string {
  return text.toWellFormed().replaceAll(CONTROL, '\ufffd');
}

/** Characters that take two columns: https://www.unicode.org/reports/tr11/. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Characters that are drawn over the one before. */
const COMBINING = /\p{M}/u;

/** Returns the number of columns that `text` takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

function widthOfCharacter(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Returns `text` in exactly `width` columns: filled up, or cut with an ellipsis. */
export function fitText(text: string, width: number): string {
  const missing = width - widthOf(text);
  if (missing >= 0) return text + ' '.repeat(missing);
  let kept = '';
  let taken = 1;
  for (const character of text) {
    taken += widthOfCharacter(character);
    if (taken > width) break;
    kept += character;
  }
  return `${kept}…${' '.repeat(Math.max(0, width - widthOf(kept) - 1))}`;
}
