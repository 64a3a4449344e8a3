/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Returns which bytes of `size` a `Range` header requests; undefined if all are to be sent, because there is no header
 * or it has another form, such as several ranges; `'outside'` if the range has no byte of the object.
 * https://www.rfc-editor.org/rfc/rfc9110#name-range
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | undefined | 'outside' {
  const [match, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (match === undefined || first === undefined || last === undefined) return undefined;
  if (first === '') return lastBytes(last, size);
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) return 'outside';
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return { start: Number(first), end };
}

function lastBytes(count: string, size: number): ByteRange | undefined | 'outside' {
  if (count === '') return undefined;
  const length = Math.min(Number(count), size);
  return length === 0 ? 'outside' : { start: size - length, end: size - 1 };
}
