import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../support/make-folder.ts';
import { perTest } from '../../support/per-test.ts';
import { useService } from '../pull/service-stage.ts';
import { runCommand } from './cli-stage.ts';
import { startConsumer } from './consumer-stage.ts';
import { id, useUploadsServer } from './uploads-server.ts';

const server = useUploadsServer(['orders']);
const service = useService();
const consumer = perTest(startConsumer);
let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});

/** Gives up the deliveries about an upload. */
async function giveUp() {
  await server.issue('a');
  for (const claim of await server.ledger.claimDeliveries(100, 60, 100)) {
    await server.ledger.failDelivery(claim, { error: 'http_500', dead: true });
  }
}

const writeList = (...lines: readonly string[]) =>
  writeFile(join(folder, 'library.csv'), `id,mediaUrl\n${lines.join('\n')}\n`);
const GOOD = 'a,https://media.example.com/a.mp4';
const BAD = 'b,http://localhost/b.mp4';

const ask = (...args: readonly string[]) => server.run(args);
/** Ends at once what goes on until the user ends it. */
const askBriefly = (...args: readonly string[]) =>
  server.run(args, { interrupted: AbortSignal.abort() });
const trigger = (...args: readonly string[]) =>
  runCommand(['trigger', ...args], { XDG_STATE_HOME: folder }, { folder });
const askService = async (...args: readonly string[]) =>
  runCommand(args, await service.variables(), { folder });
const bring = (...args: readonly string[]) =>
  askService('pull', '--from', 'library.csv', '--no-look', '--yes', '--no-wait', ...args);

type Case = readonly [
  command: string,
  code: number,
  what: string,
  run: () => Promise<{ exitCode: number }>,
];

const CASES: readonly Case[] = [
  ['uploads', 0, 'a list', () => ask('uploads', 'list')],
  ['uploads', 1, 'an upload that there is not', () => ask('uploads', 'show', id('none'))],
  ['uploads', 2, 'an id that is none', () => ask('uploads', 'show', 'x')],
  ['dead', 0, 'a list', () => ask('dead', 'list')],
  ['dead', 1, 'an item that there is not', () => ask('dead', 'replay', 'upload', id('none'))],
  ['dead', 2, 'a kind that there is not', () => ask('dead', 'replay', 'film', 'x')],
  [
    'replay',
    0,
    'a delivery',
    async () => {
      await giveUp();
      return ask('replay', id('a'));
    },
  ],
  [
    'replay',
    0,
    'a message to a consumer',
    async () => {
      await server.issue('a');
      return ask('replay', id('a'), '--forward-to', consumer.url);
    },
  ],
  ['replay', 1, 'an upload that there is not', () => ask('replay', id('none'))],
  ['replay', 1, 'nothing that was given up', () => ask('replay', '--since', '1h')],
  [
    'replay',
    1,
    'an upload without messages',
    () => ask('replay', id('none'), '--forward-to', consumer.url),
  ],
  [
    'replay',
    1,
    'a consumer that does not accept it',
    async () => {
      await server.issue('a');
      consumer.answer(503);
      return ask('replay', id('a'), '--forward-to', consumer.url);
    },
  ],
  ['replay', 2, 'no id', () => ask('replay')],
  [
    'replay',
    2,
    'a token without the scope',
    async () => {
      await giveUp();
      return server.run(['replay', id('a')], { scope: 'upload:read' });
    },
  ],
  ['trigger', 0, 'a message', () => trigger('upload.ready', '--forward-to', consumer.url)],
  [
    'trigger',
    1,
    'a consumer that does not accept it',
    () => {
      consumer.answer(503);
      return trigger('upload.ready', '--forward-to', consumer.url);
    },
  ],
  ['trigger', 2, 'no type', () => trigger()],
  ['listen', 0, 'the end by its user', () => askBriefly('listen')],
  ['listen', 2, 'a type that there is not', () => ask('listen', '--types', '!')],
  [
    'pull',
    0,
    'all of a list',
    async () => {
      await writeList(GOOD);
      return bring();
    },
  ],
  [
    'pull',
    1,
    'a line that is refused',
    async () => {
      await writeList(GOOD, BAD);
      return bring();
    },
  ],
  [
    'pull',
    1,
    'nothing to pull',
    async () => {
      await writeList(BAD);
      return bring('--dry-run');
    },
  ],
  ['pull', 2, 'a list that there is not', () => bring()],
  ['runs', 0, 'a list', () => askService('runs', 'list')],
  [
    'runs',
    1,
    'a run that is not complete',
    async () => {
      await writeList(GOOD);
      await bring();
      return askService('runs', 'show', 'library');
    },
  ],
  ['runs', 2, 'a run that there is not', () => askService('runs', 'show', 'none')],
];

const NAMES = [...new Set(CASES.map(([name]) => name))];

describe('the exit code', () => {
  it.each(CASES)('of %s is %i for %s', async (_name, code, _what, run) => {
    expect((await run()).exitCode).toBe(code);
  });

  it.each(NAMES)('of %s is documented, and none that it never has', async (name) => {
    const { out } = await runCommand([name, '--help'], {});
    const [, documented = ''] = /^Exit codes: ([\s\S]*?)\n\n/m.exec(`${out}\n\n`) ?? [];
    const codes = [...documented.matchAll(/(?:^|[,;] )(\d) /g)].map(([, code]) => Number(code));

    expect(codes).toEqual([
      ...new Set(CASES.filter(([each]) => each === name).map(([, code]) => code)),
    ]);
  });
});
