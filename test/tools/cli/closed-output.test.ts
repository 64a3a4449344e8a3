import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../support/listen.ts';
import { makeFolder } from '../../support/make-folder.ts';

const BIN = fileURLToPath(new URL('../../../tools/cli/vod-upload.mjs', import.meta.url));

const UPLOAD_ID = '01M817BHKVC70379HNNTTY6AVN';

/** A page of every list, and what else is asked for. */
const ANSWER = {
  items: [{ uploadId: UPLOAD_ID, id: 'a', name: 'a', runId: 'r', state: 'open', createdAt: 'now' }],
  ...{ uploadId: UPLOAD_ID, events: [], actions: [], replayed: 1 },
  ...{ token: 'a token', runId: 'r', name: 'library', state: 'open', createdAt: 'now' },
  ...{ total: 0, states: {}, bytes: 0, reasons: [] },
};

let functions: Listening;
let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
  await writeFile(join(folder, 'a.mp4'), 'film');
  await writeFile(join(folder, 'library.csv'), 'mediaUrl\nhttps://media.example.com/a.mp4\n');
});
beforeAll(async () => {
  functions = await listen(
    createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(ANSWER));
    }),
  );
});
afterAll(() => functions.close());

/** Runs the program in the folder; returns what it writes to standard error, and then its exit code. */
async function run(args: readonly string[], place: 'closed' | '/dev/full') {
  const child = spawn(
    '/bin/sh',
    place === 'closed'
      ? ['-c', '{ "$@"; echo "[$?]" >&2; } | true', 'sh', process.execPath, BIN, ...args]
      : ['-c', '"$@" > /dev/full; echo "[$?]" >&2', 'sh', process.execPath, BIN, ...args],
    {
      cwd: folder,
      env: {
        PATH: process.env['PATH'] ?? '',
        ...{ XDG_STATE_HOME: folder, VOD_UPLOAD_ENDPOINT: functions.origin },
        VOD_UPLOAD_TOKEN: 'a token',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let error = '';
  child.stderr.on('data', (chunk) => {
    error += String(chunk);
  });
  await once(child, 'close');
  return error;
}

const at = () => ['--uploads-url', functions.origin];

/** Of a program that SIGPIPE has ended: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02. */
const ENDED = '[141]\n';

const COMMANDS: readonly (readonly [string, () => readonly string[]])[] = [
  ['--help', () => ['--help']],
  ['--version', () => ['--version']],
  ['doctor', () => ['doctor']],
  ['put', () => ['put', 'a.mp4', '--dry-run']],
  ['put, as JSON', () => ['put', 'none.mp4', '--json']],
  ['listen', () => ['listen', '--print-secret', ...at()]],
  ['trigger', () => ['trigger', 'upload.ready', '--forward-to', functions.origin]],
  ['replay', () => ['replay', UPLOAD_ID, ...at()]],
  ['uploads list', () => ['uploads', 'list', ...at()]],
  ['uploads show', () => ['uploads', 'show', UPLOAD_ID, ...at()]],
  ['uploads events', () => ['uploads', 'events', UPLOAD_ID, ...at()]],
  ['dead list', () => ['dead', 'list', ...at()]],
  ['pull', () => ['pull', '--from', 'library.csv', '--no-look', '--dry-run', '--run', 'other']],
  ['runs list', () => ['runs', 'list']],
  ['runs show', () => ['runs', 'show', 'library']],
];

describe('a reader that has gone', () => {
  it.each(COMMANDS)('ends %s as it ends other programs, without a word', async (_name, args) => {
    const error = await run(args(), 'closed');

    // Steps of doctor are shown before anything is written.
    expect(error.replaceAll(/^.* …\n/gm, '')).toBe(ENDED);
  });
});

describe.runIf(existsSync('/dev/full'))('a disk that is full', () => {
  it('ends a command with a sentence', async () => {
    expect(await run(['uploads', 'list', ...at()], '/dev/full')).toBe(
      'vod-upload: The output cannot be written (ENOSPC).\n[2]\n',
    );
  });
});
