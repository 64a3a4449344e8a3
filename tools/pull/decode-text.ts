import { TextDecoder } from 'node:util';
import { ListError } from './list-error.ts';

const NEWLINE = 0x0a;

/** What a text begins with in each encoding: https://encoding.spec.whatwg.org/#bom-sniff. */
const MARKS: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** More than any mark has. */
const MARK_BYTES = 3;

/**
 * Yields the text in `chunks`: UTF-8, or UTF-16 if it begins with the mark of that. The mark is left out.
 *
 * @throws {ListError} that names the line, if it is not text, or in another encoding.
 */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  let begin: Uint8Array | undefined = new Uint8Array();
  let decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  const decode = (bytes: Uint8Array, stream: boolean) => {
    const text = decodePart(decoder, bytes, stream, line);
    line += countLines(text);
    return text;
  };
  for await (const chunk of chunks) {
    let bytes = chunk;
    if (begin !== undefined) {
      begin = Buffer.concat([begin, chunk]);
      if (begin.length < MARK_BYTES) continue;
      decoder = new TextDecoder(findEncoding(begin), { fatal: true });
      bytes = begin;
      begin = undefined;
    }
    yield decode(bytes, true);
  }
  if (begin !== undefined) decoder = new TextDecoder(findEncoding(begin), { fatal: true });
  yield decode(begin ?? new Uint8Array(), false);
}

function findEncoding(bytes: Uint8Array): string {
  const found = MARKS.find(([, mark]) => mark.every((byte, place) => bytes[place] === byte));
  return found?.[0] ?? 'utf-8';
}

/** Decodes line by line only to name the one that is wrong. */
function decodePart(
  decoder: TextDecoder,
  bytes: Uint8Array,
  stream: boolean,
  line: number,
): string {
  let text: string;
  try {
    text = decoder.decode(bytes, { stream });
  } catch (cause) {
    const before = decoder.encoding === 'utf-8' ? findInvalid(bytes) : 0;
    throw new ListError(
      `is not text in ${decoder.encoding.toUpperCase()}: save the list as UTF-8.`,
      { line: line + before, cause },
    );
  }
  const place = text.indexOf('\0');
  if (place === -1) return text;
  const before = countLines(text.slice(0, place));
  throw new ListError(
    'has a NUL, as binary files and UTF-16 without a byte order mark have: save the list as UTF-8.',
    { line: line + before },
  );
}

/** Returns the number of lines before the first that is not UTF-8. A character that the chunk before began is not checked. */
function findInvalid(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lines = 0;
  for (let from = bytes.indexOf(NEWLINE) + 1; from > 0; from = bytes.indexOf(NEWLINE, from) + 1) {
    const next = bytes.indexOf(NEWLINE, from);
    lines += 1;
    try {
      decoder.decode(bytes.subarray(from, next === -1 ? bytes.length : next));
    } catch {
      return lines;
    }
  }
  return 0;
}

function countLines(text: string): number {
  let count = 0;
  for (let from = text.indexOf('\n'); from >= 0; from = text.indexOf('\n', from + 1)) count += 1;
  return count;
}
