import { isJsonObject } from '../../lib/validation/json-object.ts';
import { ListError } from './list-error.ts';

/** Longest line of a list, in characters: more than all fields of a pull can have. */
export const MAX_LINE = 65_536;

/** Yields a text whose lines end with LF, whether they ended with that, CRLF or CR. */
export async function* normalizeBreaks(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const part of text) {
    const whole = rest + part;
    // The other half of a line's end may come next.
    rest = whole.endsWith('\r') ? '\r' : '';
    const kept = rest === '' ? whole : whole.slice(0, -1);
    yield kept.includes('\r') ? kept.replaceAll(/\r\n?/g, '\n') : kept;
  }
  if (rest !== '') yield '\n';
}

/** Yields the lines of a text. @throws {ListError} if one is too long. */
export async function* splitLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  let line = 1;
  for await (const part of text) {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    for (const each of lines) {
      checkLength(each, line);
      line += 1;
      yield each;
    }
    checkLength(rest, line);
  }
  if (rest !== '') yield rest;
}

function checkLength(text: string, line: number): void {
  if (text.length > MAX_LINE)
    throw new ListError(`is longer than ${MAX_LINE} characters.`, { line });
}

/** Returns the object in a line. @throws {ListError} */
export function parseRow(text: string, line: number): Readonly<Record<string, unknown>> {
  if (text.trimStart().startsWith('[')) {
    throw new ListError(
      'must be a JSON object, and not a list: write one object a line, as "jq -c .[]" does.',
      { line },
    );
  }
  try {
    const row: unknown = JSON.parse(text);
    if (isJsonObject(row)) return row;
  } catch (cause) {
    throw new ListError('is not JSON.', { line, cause });
  }
  throw new ListError('must be a JSON object.', { line });
}
