const NAMES = new Intl.ListFormat('en-GB');

/** Returns names as in a sentence: a, b and c. */
export function joinNames(names: readonly string[]): string {
  return NAMES.format(names);
}
