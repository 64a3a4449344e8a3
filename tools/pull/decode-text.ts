import { TextDecoder } from 'node:util';
import { ListError } from './list-error.ts';

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
  const breaks = { lf: 0, cr: 0 };
  const decode = (bytes: Uint8Array, stream: boolean) => {
    const text = decodePart(decoder, bytes, stream, breaks);
    Object.assign(breaks, countBreaks(text, breaks));
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

/** Line breaks so far, by their last character. */
interface Breaks {
  readonly lf: number;
  readonly cr: number;
}

function decodePart(
  decoder: TextDecoder,
  bytes: Uint8Array,
  stream: boolean,
  breaks: Breaks,
): string {
  let text: string;
  try {
    text = decoder.decode(bytes, { stream });
  } catch (cause) {
    const { encoding } = decoder;
    const before = new TextDecoder(encoding).decode(
      bytes.subarray(0, findInvalid(bytes, encoding)),
    );
    throw new ListError(`is not text in ${encoding.toUpperCase()}: save the list as UTF-8.`, {
      line: findLine(countBreaks(before, breaks)),
      cause,
    });
  }
  const place = text.indexOf('\0');
  if (place === -1) return text;
  throw new ListError(
    'has a NUL, as binary files and UTF-16 without a byte order mark have: save the list as UTF-8.',
    { line: findLine(countBreaks(text.slice(0, place), breaks)) },
  );
}

/** Bytes of a character in UTF-8 but for its first one. */
const isContinued = (byte: number | undefined) => byte !== undefined && byte >> 6 === 0b10;

/** Returns the number of bytes before the first that is wrong. The rest of a character that began earlier is not checked. */
function findInvalid(bytes: Uint8Array, encoding: string): number {
  let begin = 0;
  while (encoding === 'utf-8' && begin < MARK_BYTES && isContinued(bytes[begin])) begin += 1;
  const isText = (end: number) => {
    try {
      new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(begin, end), {
        stream: true,
      });
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [begin, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isText(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

function countBreaks(text: string, { lf, cr }: Breaks): Breaks {
  return { lf: lf + countCharacter(text, '\n'), cr: cr + countCharacter(text, '\r') };
}

/** Lines end with LF, or with CR alone in files of old programs. */
function findLine({ lf, cr }: Breaks): number {
  return 1 + (lf > 0 ? lf : cr);
}

function countCharacter(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}
