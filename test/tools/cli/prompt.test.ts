import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../support/listen.ts';
import { makeFolder } from '../../support/make-folder.ts';
import { requirePresent } from '../../support/requirement.ts';

const BIN = fileURLToPath(new URL('../../../tools/cli/vod-upload.mjs', import.meta.url));

/** Runs a program on a terminal of its own; its exit code is negative if a signal has ended it. */
const ON_TERMINAL =
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])) % 256)';

let service: Listening;
const changes: string[] = [];
beforeAll(async () => {
  const run = { runId: 'r', name: 'library', state: 'open', createdAt: 'now' };
  const counted = { ...run, total: 2, states: { ready: 2 }, bytes: 0, reasons: [] };
  service = await listen(
    createServer(({ method, url = '' }, response) => {
      if (method !== 'GET') changes.push(`${method} ${url}`);
      const answer = url.includes('?') ? { items: [run] } : counted;
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    }),
  );
});
afterAll(() => service.close());

/** Runs `vod-upload runs undo` on a terminal, and types `keys` once it asks. */
async function undo(keys: string) {
  const child = spawn(
    'python3',
    ['-c', ON_TERMINAL, process.execPath, BIN, 'runs', 'undo', 'library'],
    {
      cwd: await makeFolder(),
      env: {
        PATH: process.env['PATH'] ?? '',
        ...{ VOD_UPLOAD_ENDPOINT: service.origin, VOD_UPLOAD_TOKEN: 'a token' },
      },
    },
  );
  let out = '';
  let isAsked = false;
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
    if (isAsked || !out.includes('[y/N]')) return;
    isAsked = true;
    child.stdin.write(keys);
  });
  const [code] = await once(child, 'close');
  return { code, out };
}

describe('a question', () => {
  beforeEach((context) => requirePresent(context, 'python3'));

  it.each([
    ['no', 'n\r', 1],
    ['nothing', '\r', 1],
    ['Ctrl+D', '\u0004', 1],
    ['Ctrl+C', '\u0003', 256 - 2],
  ])('is answered with %s, and nothing is changed', async (_what, keys, code) => {
    const outcome = await undo(keys);

    expect(outcome).toMatchObject({ code, out: expect.not.stringContaining('should not happen') });
    expect(changes).toEqual([]);
  });

  it('is answered with yes', async () => {
    expect(await undo('y\r')).toMatchObject({ code: 0 });
    expect(changes).toEqual(['POST /pulls/runs/r/undo']);
  });
});
