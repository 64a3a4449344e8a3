import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { listen } from '../../../support/listen.ts';
import { makeFolder } from '../../../support/make-folder.ts';
import { perTest } from '../../../support/per-test.ts';

vi.setConfig({ testTimeout: 30_000 });

const PROGRAM = fileURLToPath(new URL('../../../../tools/cli/vod-upload.mjs', import.meta.url));

/** A service without runs: nothing else is asked of it. */
const service = perTest(async () => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method}`);
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"items":[]}');
  });
  return { ...(await listen(server)), requests };
});

async function pull(list: Uint8Array, from: 'file' | 'standard input') {
  const folder = await makeFolder();
  await writeFile(join(folder, 'list'), list);
  const args = ['--from', from === 'file' ? 'list' : '-', '--run', 'library', '--yes', '--no-look'];
  const child = spawn(process.execPath, [PROGRAM, 'pull', ...args], {
    ...{ cwd: folder, stdio: 'pipe' },
    env: {
      ...{ PATH: process.env['PATH'], TMPDIR: folder },
      ...{ VOD_UPLOAD_ENDPOINT: service.origin, VOD_UPLOAD_TOKEN: 'token' },
    },
  });
  // It may have ended before it has read all.
  child.stdin.on('error', () => undefined);
  child.stdin.end(from === 'file' ? undefined : list);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, error: error.replaceAll(/^looking at line .*\n/gm, '') };
}

const A = 'https://media.example.com/a.mp4';
const utf16 = (content: string) => Buffer.from(content, 'utf16le');

const BAD: readonly (readonly [what: string, list: string | Buffer, message: string])[] = [
  ['an empty list', '', 'The list is empty: it has no line with a URL.'],
  ['only a byte order mark', '\ufeff', 'The list is empty'],
  ['a binary file', Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff]), 'Line 1 is not text in UTF-8'],
  ['a NUL', `mediaUrl\n${A}\n\0`, 'Line 3 has a NUL'],
  ['UTF-16 without a mark', utf16(`mediaUrl\n${A}\n`), 'Line 1 has a NUL'],
  [
    'an unknown column in UTF-16',
    utf16(`\ufeffmediaUrl,x\n${A},\n`),
    'Line 1 has the unknown column "x"',
  ],
  ['a missing header', 'id\n1\n', 'Line 1 must be a header with a column mediaUrl'],
  ['an unknown column', `mediaUrl,views\n${A},1\n`, 'Line 1 has the unknown column "views"'],
  [
    'a column that is there twice',
    `mediaUrl,mediaUrl\n${A},${A}\n`,
    'Line 1 must have only one column',
  ],
  [
    'a line of a megabyte',
    `mediaUrl\n${A}\n${'x'.repeat(1e6)}`,
    'Line 3 is longer than 65536 characters',
  ],
  ['a lone quotation mark', `mediaUrl,mediaName\n${A},"a\n${A},b\n`, 'Line 2 has a quotation mark'],
  [
    'a quotation mark that swallows lines',
    `mediaUrl,mediaName\r\n${A},"a\r\n${A},b\r\n${A},c"\r\n`,
    'Line 2 has a quotation mark',
  ],
  [
    'too many fields in a BOM, CRLF list',
    `\ufeffmediaUrl\r\n${A}\r\n${A},b\r\n`,
    'Line 3 has 2 fields',
  ],
  ['too many fields in lines with CR alone', `mediaUrl\r${A}\r${A},b\r`, 'Line 3 has 2 fields'],
  ['a JSON array', `[{"mediaUrl":"${A}"}]`, 'Line 1 must be a JSON object, and not a list'],
  [
    'an array in NDJSON',
    `{"mediaUrl":"${A}"}\n["${A}"]\n`,
    'Line 2 must be a JSON object, and not a list',
  ],
];

describe.each(['file', 'standard input'] as const)('vod-upload pull --from a %s', (from) => {
  it.each(BAD)('refuses %s with its line, and sends nothing', async (_what, list, message) => {
    const { code, out, error } = await pull(Buffer.from(list), from);

    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toMatch(/^vod-upload pull: [^\n]+\n$/);
    expect(error).toContain(`vod-upload pull: ${message}`);
    expect(service.requests).toEqual(['GET']);
  });
});
