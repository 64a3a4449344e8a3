import { XMLParser } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import {
  parseCompleteRequest,
  writeXml,
} from '../../../../../tools/local/emulator/storage/cos-xml.ts';

const part = (number: number | string, etag: string) =>
  `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
const complete = (parts: string) =>
  `<?xml version="1.0"?><CompleteMultipartUpload xmlns="x">${parts}</CompleteMultipartUpload>`;

describe('parseCompleteRequest', () => {
  test.each(['"', '&quot;', '&#34;', '&#x22;'])('reads an ETag in the quotes %s', (quote) => {
    expect(parseCompleteRequest(complete(part(1, `${quote}ab${quote}`)))).toEqual([
      { partNumber: 1, etag: '"ab"' },
    ]);
  });

  test('keeps the order of many parts', () => {
    const numbers = Array.from({ length: 10_000 }, (_, index) => 10_000 - index);
    const parsed = parseCompleteRequest(
      complete(numbers.map((n) => part(n, '&#34;x&#34;')).join('')),
    );

    expect(parsed.map(({ partNumber }) => partNumber)).toEqual(numbers);
  });

  test.each([
    ['text that is not XML', 'not xml'],
    ['an empty text', ''],
    ['an open element', '<CompleteMultipartUpload><Part>'],
    ['another document', '<Delete/>'],
    ['a list without parts', complete('')],
    ['part 0', complete(part(0, 'x'))],
    ['part 10001', complete(part(10_001, 'x'))],
    ['a part number that is not a number', complete(part('1e1', 'x'))],
    ['an empty ETag', complete(part(1, ''))],
  ])('refuses %s', (_what, xml) => {
    expect(() => parseCompleteRequest(xml)).toThrow(
      expect.objectContaining({ code: 'MalformedXML' }),
    );
  });
});

describe('writeXml', () => {
  test('escapes all characters of a key', () => {
    const xml = writeXml('Result', { Key: `a&b<c>"d"'e'`, Upload: [{ Id: 1 }, { Id: 2 }] });

    expect(new XMLParser({ ignoreDeclaration: true }).parse(xml)).toEqual({
      Result: { Key: `a&b<c>"d"'e'`, Upload: [{ Id: 1 }, { Id: 2 }] },
    });
  });
});
