import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../support/listen.ts';
import { makeFolder } from '../../support/make-folder.ts';
import { runCommand } from './cli-stage.ts';

const UPLOAD_ID = '01M817BHKVC70379HNNTTY6AVN';

let server: Listening;
let answer: { readonly status: number; readonly text: string };
let folder: string;
beforeAll(async () => {
  server = await listen(
    createServer((_request, response) => {
      response.writeHead(answer.status, { Location: '/elsewhere' }).end(answer.text);
    }),
  );
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await makeFolder();
  await writeFile(join(folder, 'a.mp4'), 'film');
  await writeFile(join(folder, 'library.csv'), 'mediaUrl\nhttps://media.example.com/a.mp4\n');
});

const HTML = '<!doctype html><title>Log in</title>';

/** What another server may answer, or one that is broken. */
const ANSWERS = [
  ['a page', { status: 200, text: HTML }],
  ['a page that is missing', { status: 404, text: HTML }],
  ['a redirection', { status: 302, text: '' }],
  ['nothing', { status: 200, text: '' }],
  ['a list', { status: 200, text: '[]' }],
  ['a text', { status: 200, text: '"films"' }],
  ['an object without what is asked for', { status: 200, text: '{}' }],
  ['an error of another service', { status: 404, text: '{"message":"no Route matched"}' }],
] as const;

const COMMANDS: readonly (readonly string[])[] = [
  ['uploads', 'list'],
  ['uploads', 'show', UPLOAD_ID],
  ['uploads', 'events', UPLOAD_ID],
  ['uploads', 'cancel', UPLOAD_ID],
  ['dead', 'list'],
  ['dead', 'replay', 'upload', UPLOAD_ID],
  ['replay', UPLOAD_ID],
  ['replay', UPLOAD_ID, '--forward-to', 'http://127.0.0.1:9/hook'],
  ['listen'],
  ['put', 'a.mp4', '--patience', '0'],
  ['put', 'a.mp4', '--patience', '0', '--skip-existing'],
  ['pull', '--from', 'library.csv', '--no-look', '--yes'],
  ['runs', 'list'],
  ['runs', 'show', 'library'],
  ['runs', 'undo', 'library', '--yes'],
];

const OF_UPLOADS = ['uploads', 'dead', 'replay', 'listen'];

/** Runs a command against the server. */
function run(args: readonly string[]) {
  const at = OF_UPLOADS.includes(args[0] ?? '') ? ['--uploads-url', server.origin] : [];
  const variables = { VOD_UPLOAD_ENDPOINT: server.origin, VOD_UPLOAD_TOKEN: 'a token' };
  const interrupted = AbortSignal.timeout(20_000);
  return runCommand(
    [...args, ...at],
    { ...variables, XDG_STATE_HOME: folder },
    {
      ...{ folder, interrupted },
    },
  );
}

describe.each(ANSWERS)('a server that answers with %s', (_what, given) => {
  it.each(COMMANDS.map((args) => [args.join(' '), args] as const))(
    'is reported by %s as another server',
    async (_line, args) => {
      answer = given;

      const { exitCode, out, error } = await run(args);

      // Of several files one may fail, so it is 1 for put.
      expect({ exitCode, out }).toEqual({ exitCode: args[0] === 'put' ? 1 : 2, out: '' });
      if (args[0] !== 'put') expect(error).toContain(server.host);
      expect(error).not.toContain('should not happen');
    },
  );
});
