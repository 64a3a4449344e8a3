/** Returns the name in `names` that differs from `text` only by case or one typing error, if there is one. */
export function findNearName(text: string, names: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  return names.find((name) => isOneSlipAway(lower, name.toLowerCase()));
}

/**
 * Returns whether `a` and `b` differ by at most one letter (added, missing or different), or by two swapped letters.
 */
function isOneSlipAway(a: string, b: string): boolean {
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
