/** Returns whether `name` is what `pattern` says, in which `*` stands for anything, nothing included. */
export function matchesName(name: string, pattern: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return name === pattern;
  if (!name.startsWith(head) || !name.endsWith(tail)) return false;
  // Each part as early as possible leaves the most for those after it, so nothing need be tried twice.
  let place = head.length;
  const end = name.length - tail.length;
  for (const part of rest) {
    const found = name.indexOf(part, place);
    if (found === -1) return false;
    place = found + part.length;
  }
  return place <= end;
}
