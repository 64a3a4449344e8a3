import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { MAX_LINE } from '../../../tools/pull/json-lines.ts';
import { ListError } from '../../../tools/pull/list-error.ts';
import { type ListedPull, type ListOptions, readList } from '../../../tools/pull/read-list.ts';
import { nameSource } from '../../../tools/pull/source-id.ts';

const A = 'https://media.example.com/a.mp4';
const B = 'https://media.example.com/b.mp4';

type Options = Partial<Omit<ListOptions, 'map'>> & { readonly map?: Record<string, string> };
const read = async (input: string | Uint8Array, { map = {}, ...options }: Options = {}) => {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  // Every place between two bytes is an end of a chunk once.
  const chunks = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  const settings = {
    format: undefined,
    ignored: [],
    map: new Map(Object.entries(map)),
    ...options,
  };
  const items: ListedPull[] = [];
  for await (const item of readList(bytes.length < 500 ? chunks : [bytes], settings))
    items.push(item);
  return items;
};
const pulls = async (...asked: Parameters<typeof read>) =>
  (await read(...asked)).map(({ pull }) => pull);
const refusal = async (...asked: Parameters<typeof read>) => {
  const error = await read(...asked).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ListError)) throw error;
  return error;
};

describe('readList()', () => {
  it.each([
    ['CSV', `id,mediaUrl,mediaName,classId\n1,${A},"Film, ""one""",7\n`],
    ['CRLF', `id,mediaUrl,mediaName,classId\r\n1,${A},"Film, ""one""",7\r\n`],
    ['a byte order mark', `\ufeffid,mediaUrl,mediaName,classId\n1,${A},"Film, ""one""",7`],
    ['TSV', `id\tmediaUrl\tmediaName\tclassId\n1\t${A}\tFilm, "one"\t7\n`],
    ['NDJSON', `\n{"id":1,"mediaUrl":"${A}","mediaName":"Film, \\"one\\"","classId":7}\r\n\n`],
    ['CR alone', `id,mediaUrl,mediaName,classId\r1,${A},"Film, ""one""",7\r`],
    ['TSV of a spreadsheet', `"id"\tmediaUrl\tmediaName\tclassId\n1\t"${A}"\t"Film, ""one"""\t7\n`],
    ['TSV with CR alone', `# a\rid\tmediaUrl\tmediaName\tclassId\r1\t${A}\tFilm, "one"\t7\r`],
    [
      'NDJSON with CR alone',
      `\r{"id":1,"mediaUrl":"${A}","mediaName":"Film, \\"one\\"","classId":7}\r`,
    ],
    ['names as in the API', `Id,MediaUrl,media_name,class-id\n1,${A},"Film, ""one""",7\n`],
  ])('reads %s', async (_what, text) => {
    expect(await read(text)).toMatchObject([
      { id: '1', pull: { mediaUrl: A, mediaName: 'Film, "one"', classId: 7 } },
    ]);
  });

  it.each([
    ['utf16le', '\ufeff'],
    ['utf16be', '\ufeff'],
  ])('reads %s with a byte order mark', async (encoding, mark) => {
    const bytes = Buffer.from(`${mark}mediaUrl,mediaName\n${A},영화\n`, 'utf16le');
    if (encoding === 'utf16be') bytes.swap16();

    expect(await pulls(bytes)).toEqual([{ mediaUrl: A, mediaName: '영화' }]);
  });

  it("reads the file of the vendor's batch puller unchanged", async () => {
    const text = `# 批量拉取上传URL列表示例文件\n# 格式：URL,MediaName,ClassId\n\n${A},测试\n#${B},no,1\n${B},,1003\n${A},a,4,/videos/2024/test.mp4\n${A},,,,ctx-001\n${B}\n`;

    expect(await read(text)).toEqual([
      { line: 4, id: undefined, expected: {}, pull: { mediaUrl: A, mediaName: '测试' } },
      { line: 6, id: undefined, expected: {}, pull: { mediaUrl: B, classId: 1003 } },
      {
        line: 7,
        id: undefined,
        expected: {},
        pull: {
          mediaUrl: A,
          mediaName: 'a',
          classId: 4,
          mediaStoragePath: '/videos/2024/test.mp4',
        },
      },
      { line: 8, id: undefined, expected: {}, pull: { mediaUrl: A, sourceContext: 'ctx-001' } },
      { line: 9, id: undefined, expected: {}, pull: { mediaUrl: B } },
    ]);
  });

  it('reads fields of several lines', async () => {
    const text = `id,mediaUrl,mediaName,about\n1,${A},"two\nlines","See\n${B}, and more"\n2,${B},,\n`;

    expect(await read(text, { ignored: ['about'] })).toMatchObject([
      { line: 4, id: '1', pull: { mediaName: 'two\nlines' } },
      { line: 5, id: '2', pull: { mediaUrl: B } },
    ]);
  });

  it('reads other columns by their names, or by their places', async () => {
    const named = `video,link,views\n7,${A},99\n`;
    expect(
      await read(named, { map: { id: 'video', mediaUrl: 'link' }, ignored: ['views'] }),
    ).toMatchObject([{ id: '7', pull: { mediaUrl: A } }]);
    expect(await read(`7,${A},99\n`, { map: { id: '1', mediaUrl: '2', size: '3' } })).toMatchObject(
      [{ id: '7', pull: { mediaUrl: A }, expected: { size: 99 } }],
    );
  });

  it('reads limits, and what is expected of the source', async () => {
    const text = `url,limits.maxBytes,limits.mediaTypes,size,duration\n${A},5,mp4|mov,10,1.5\n`;

    expect(await read(text)).toMatchObject([
      {
        pull: { mediaUrl: A, limits: { maxBytes: 5, mediaTypes: ['mp4', 'mov'] } },
        expected: { size: 10, duration: 1.5 },
      },
    ]);
  });

  it.each<[string, string | Uint8Array, Options, RegExp, number | undefined]>([
    ['an empty list', '', {}, /^The list is empty/, undefined],
    ['only comments', '# a\n\n', {}, /^The list is empty/, undefined],
    ['only a header', 'mediaUrl\n', {}, /^The list is empty/, undefined],
    [
      'a binary file',
      Buffer.concat([Buffer.from(`mediaUrl\n${A}\n`), Buffer.from([0xff, 0xd8, 0x00])]),
      {},
      /^Line 3 is not text in UTF-8: save/,
      3,
    ],
    ['a NUL', `mediaUrl\n${A}\n\0`, {}, /^Line 3 has a NUL/, 3],
    [
      'UTF-16 without a mark',
      Buffer.from(`mediaUrl\n${A}\n`, 'utf16le'),
      {},
      /^Line 1 has a NUL.*UTF-16/,
      1,
    ],
    [
      'Latin-1',
      Buffer.from(`mediaUrl,mediaName\n${A},film\n${A},caf\xe9\n`, 'latin1'),
      {},
      /^Line 3 is not text/,
      3,
    ],
    [
      'a missing header',
      'id,name\n1,a\n',
      { ignored: ['name'] },
      /^Line 1 must be a header with a column mediaUrl.*"id" and "name"/,
      1,
    ],
    [
      'an unknown column',
      'mediaUrl,mediaNam\n',
      {},
      /^Line 1 has the unknown column "mediaNam"\. Did you mean "mediaName"\?/,
      1,
    ],
    ['a column twice', 'mediaUrl,url\n', {}, /^Line 1 must have only one column for mediaUrl/, 1],
    [
      'a mapped column that is missing',
      'link,b\n',
      { map: { mediaUrl: 'src' }, ignored: ['link', 'b'] },
      /^Line 1 must have the column "src"/,
      1,
    ],
    [
      'names for a list without a header',
      `${A}\n`,
      { map: { mediaUrl: 'link' } },
      /^Line 1 is no header/,
      1,
    ],
    [
      'an unknown member',
      `{"mediaUrl":"${A}"}\n{"mediaUrl":"${A}","x":1}`,
      {},
      /^Line 2 has the unknown column "x"/,
      2,
    ],
    ['no JSON', `{"mediaUrl":"${A}"}\n{"mediaUrl":`, {}, /^Line 2 is not JSON/, 2],
    ['a JSON list', `{"mediaUrl":"${A}"}\n[]`, {}, /^Line 2 must be a JSON object/, 2],
    [
      'a line of a megabyte',
      `mediaUrl\n${A}\n${'a'.repeat(1_000_000)}\n`,
      {},
      /^Line 3 is longer than 65536 characters/,
      3,
    ],
    ['a first line of a megabyte', 'a'.repeat(1_000_000), {}, /^Line 1 is longer/, 1],
    [
      'a JSON line of a megabyte',
      `{"mediaUrl":"${A}"}\n{"a":"${'a'.repeat(1_000_000)}"}\n`,
      {},
      /^Line 2 is longer/,
      2,
    ],
    [
      'an open quotation mark',
      `mediaUrl,mediaName\n${A},"a\n${A},b\n`,
      {},
      /^Line 2 has a quotation mark that is not closed/,
      2,
    ],
    [
      'a quotation mark that a later line closes',
      `id,mediaUrl,mediaName\n0,${B},\n1,${A},"Film\n2,${B},Film two\n3,${A},x"\n4,${B},y\n`,
      {},
      /^Line 3 has a quotation mark that is not closed/,
      3,
    ],
    [
      'the same in a list without a header',
      `${A},"x\n${B},y\n${A},z"\n`,
      {},
      /^Line 1 has a quotation mark that is not closed/,
      1,
    ],
    [
      'the same in a list of ids',
      'id\n1\n"2\n3"\n',
      { withoutUrls: true },
      /^Line 3 has a quotation mark that is not closed/,
      3,
    ],
    [
      'a quotation mark that swallows a long list',
      `mediaUrl,mediaName\n${A},"a\n${`${A},b\n`.repeat(3_000)}`,
      {},
      /^Line 2 is longer than 65536 characters; a quotation mark may not be closed/,
      2,
    ],
    ['a column without a name', `mediaUrl,\n${A},\n`, {}, /^Line 1 has no name for column 2/, 1],
    [
      'a column that is there twice',
      'id,mediaUrl,id\n',
      {},
      /^Line 1 must have only one column for id/,
      1,
    ],
    [
      'a JSON array',
      `[{"mediaUrl":"${A}"}]\n`,
      {},
      /^Line 1 must be a JSON object, and not a list/,
      1,
    ],
    ['a JSON array in lines', `\n[\n{"mediaUrl":"${A}"}\n]`, {}, /^Line 2 .* and not a list/, 2],
    [
      'an array as id',
      `{"mediaUrl":"${A}","id":["a"]}`,
      {},
      /^Line 1 must have a text or a number for id/,
      1,
    ],
    [
      'an object as id',
      `{"mediaUrl":"${A}","id":{}}`,
      {},
      /^Line 1 must have a text or a number/,
      1,
    ],
    [
      'an array as size',
      `{"mediaUrl":"${A}","size":[1]}`,
      {},
      /^Line 1 must have a number for size/,
      1,
    ],
    [
      'two members for a field',
      `{"url":"${A}","mediaUrl":"${B}"}`,
      {},
      /^Line 1 has two members for mediaUrl/,
      1,
    ],
    [
      'bytes that are no text in lines with CR alone',
      Buffer.concat([Buffer.from(`mediaUrl\r${A}\r`), Buffer.from([0xff])]),
      {},
      /^Line 3 is not text in UTF-8/,
      3,
    ],
    [
      'half a character of UTF-16',
      Buffer.concat([
        Buffer.from(`\ufeffmediaUrl\n${A}\n${A}`, 'utf16le'),
        Buffer.from([0x00, 0xd8, 0x41, 0x00]),
        Buffer.from(`\n${A}\n`.repeat(20), 'utf16le'),
      ]),
      {},
      /^Line 3 is not text in UTF-16LE/,
      3,
    ],
    [
      'UTF-16 that ends within a character',
      Buffer.concat([Buffer.from(`\ufeffmediaUrl\n${A}\n`, 'utf16le'), Buffer.from([0x41])]),
      {},
      /^Line 3 is not text in UTF-16LE/,
      3,
    ],
    [
      'too many fields',
      `mediaUrl,mediaName\n${A},a,b\n`,
      {},
      /^Line 2 has 3 fields, and the list has 2 columns/,
      2,
    ],
    [
      'a size that is no number',
      `mediaUrl,size\n${A},big\n`,
      {},
      /^Line 2 must have a number for size/,
      2,
    ],
  ])('refuses %s', async (_what, text, options, message, line) => {
    const error = await refusal(text, options);

    expect(error.message).toMatch(message);
    expect(error.line).toBe(line);
  });

  it('reads a long list with the memory of a short one', async () => {
    const line = `7,${A}?${'x'.repeat(400)},Film\n`;
    function* make() {
      yield Buffer.from('id,mediaUrl,mediaName\n');
      for (let i = 0; i < 600; i += 1) yield Buffer.from(line.repeat(100));
    }
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    let count = 0;
    const held: number[] = [];
    for await (const _ of readList(make(), { format: undefined, map: new Map(), ignored: [] })) {
      count += 1;
      if (count % 20_000 !== 0) continue;
      collect();
      held.push(process.memoryUsage().heapUsed);
    }

    expect(count).toBe(60_000);
    // Between two of these, 9 MB were read.
    expect((held[2] ?? 0) - (held[0] ?? 0)).toBeLessThan(1_000_000);
  });

  it('has lines as long as all fields of a pull', () => {
    expect(MAX_LINE).toBeGreaterThan(2 * 8_000 + 250 + 1_000 + 850 + 3 * 256);
  });
});

describe('nameSource()', () => {
  it.each([
    ['X-Amz-Signature=a&X-Amz-Date=b&v=2', 'v=2'],
    ['v=2&q-sign-algorithm=sha1&q-ak=a&q-signature=c', 'v=2'],
    ['Expires=1&OSSAccessKeyId=2&Signature=3', ''],
    ['sv=1&se=2&sp=r&sig=x&page=3', 'page=3'],
    ['se=2&page=3', 'se=2&page=3'],
    ['t=1&us=2&sign=3', ''],
    ['t=1&id=5', 't=1&id=5'],
    ['id=%EC%98%81&token=x', 'id=%EC%98%81'],
  ])('leaves out what signs ?%s', (query, rest) => {
    expect(nameSource(undefined, `${A}?${query}`)).toBe(rest === '' ? A : `${A}?${rest}`);
  });

  it('prefers the id of the list, and shortens a long name', () => {
    expect(nameSource('7', A)).toBe('7');
    expect(nameSource(undefined, `${A}?${'a'.repeat(2_000)}`)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
