import { isJsonObject } from '../validation/json-object.ts';

/**
 * Answers the JSON text that equal values share: members in the order of their names, and without those that are
 * `null`, since VOD means the same by `null` and by no member.
 *
 * It does not recurse: a notification of 256 kB may be 130,000 levels deep, which no stack holds.
 */
export function canonicalJson(value: unknown): string {
  let text = '';
  const pending: Piece[] = [{ value }];
  for (let piece = pending.pop(); piece !== undefined; piece = pending.pop()) {
    if ('text' in piece) {
      text += piece.text;
    } else if (Array.isArray(piece.value)) {
      pushReversed(pending, openArray(piece.value));
    } else if (isJsonObject(piece.value)) {
      pushReversed(pending, openObject(piece.value));
    } else {
      text += JSON.stringify(piece.value) ?? 'null';
    }
  }
  return text;
}

/** What is left to write: punctuation and names as they are, values still to be taken apart. */
type Piece = { readonly text: string } | { readonly value: unknown };

function openArray(items: readonly unknown[]): Piece[] {
  const pieces = items.flatMap((value, index): Piece[] =>
    index === 0 ? [{ value }] : [{ text: ',' }, { value }],
  );
  return [{ text: '[' }, ...pieces, { text: ']' }];
}

function openObject(members: Readonly<Record<string, unknown>>): Piece[] {
  const names = Object.keys(members).filter((name) => (members[name] ?? null) !== null);
  const pieces = names.sort().flatMap((name, index): Piece[] => {
    const comma = index === 0 ? '' : ',';
    return [{ text: `${comma}${JSON.stringify(name)}:` }, { value: members[name] }];
  });
  return [{ text: '{' }, ...pieces, { text: '}' }];
}

/** The last piece pushed is the first one written. One by one, since a call takes only so many arguments. */
function pushReversed(pending: Piece[], pieces: readonly Piece[]): void {
  for (const piece of pieces.toReversed()) pending.push(piece);
}
