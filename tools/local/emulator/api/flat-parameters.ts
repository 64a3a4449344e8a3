type Tree = Map<string, Tree | string>;

/**
 * Returns parameters whose names are paths, such as `FileIds.0` or `Sort.Field`, as the structure that they describe.
 * A level with the names 0, 1, 2 … is a list. Every value stays text: a query string has no other type.
 */
export function unflatten(
  fields: Iterable<readonly [name: string, value: string]>,
): Record<string, unknown> {
  const root: Tree = new Map();
  for (const [name, value] of fields) place(root, name.split('.'), value);
  return Object.fromEntries([...root].map(([name, child]) => [name, grow(child)]));
}

function place(tree: Tree, [first = '', ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    tree.set(first, value);
    return;
  }
  const found = tree.get(first);
  const child: Tree = found instanceof Map ? found : new Map();
  tree.set(first, child);
  place(child, rest, value);
}

function grow(tree: Tree | string): unknown {
  if (typeof tree === 'string') return tree;
  const isList = [...tree.keys()].every((name) => /^\d+$/.test(name) && Number(name) < tree.size);
  if (!isList) return Object.fromEntries([...tree].map(([name, child]) => [name, grow(child)]));
  return [...tree]
    .sort(([left], [right]) => Number(left) - Number(right))
    .map(([, child]) => grow(child));
}
