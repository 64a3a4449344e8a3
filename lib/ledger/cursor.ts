import { refuseFields } from '../validation/parse-fields.ts';

/** The place of a list's last item: what the list is ordered by. */
export type Cursor = readonly [time: number, ...ids: string[]];

/** Answers `cursor` as the opaque text that callers hand back. */
export function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/**
 * Answers the cursor that {@link writeCursor} wrote, of `length` parts.
 *
 * @throws {Problem} `invalid_request` where it wrote no such text.
 */
export function readCursor(text: string, length: number): Cursor {
  const [time, ...ids] = parseList(Buffer.from(text, 'base64url').toString());
  const isTime = typeof time === 'number' && Math.abs(time) <= MAX_TIME && Number.isInteger(time);
  const texts = ids.filter((id): id is string => typeof id === 'string' && !id.includes('\0'));
  if (isTime && texts.length === ids.length && ids.length === length - 1) {
    return [time, ...texts];
  }
  throw refuseFields([{ path: 'cursor', message: 'must be the cursor of the page before' }]);
}

/** Furthest time of a `Date`: https://tc39.es/ecma262/#sec-time-values-and-time-range. */
const MAX_TIME = 8.64e15;

function parseList(text: string): readonly (string | number)[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
