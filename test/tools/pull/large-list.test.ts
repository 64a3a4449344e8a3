import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { makeFolder } from '../../support/make-folder.ts';
import { useService } from './service-stage.ts';

const PROGRAM = fileURLToPath(new URL('../../../tools/cli/vod-upload.mjs', import.meta.url));

/** As many as `LIST_LINES` says, such as 100000. */
const LINES = Number(process.env['LIST_LINES'] ?? 2_000);
/** One of a hundred lines is wrong, and another one has the source of the line before. */
const PULLED = LINES * 0.98;

const service = useService();

const url = (i: number) => `https://media.example.com/library/${i}.mp4?sign=${'x'.repeat(700)}`;
function* makeList() {
  yield 'id,mediaUrl,mediaName\n';
  for (let i = 0; i < LINES; i += 1) {
    if (i % 100 === 50) yield `bad-${i},http://localhost/${i}.mp4,Bad\n`;
    else if (i % 100 === 70) yield `source-${i - 1},${url(i - 1)},Again\n`;
    else yield `source-${i},${url(i)},Film ${i}\n`;
  }
}

const start = async (folder: string, args: readonly string[]): Promise<ChildProcess> =>
  spawn(process.execPath, [PROGRAM, ...args], {
    ...{ cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
    env: { PATH: process.env['PATH'], ...(await service.variables()) },
  });
const finish = async (child: ChildProcess) => {
  if (child.stdout === null) throw new Error('Its output is read here.');
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, code] = await Promise.all([text(child.stdout), ended]);
  return { out, code };
};

it(
  'pulls each source of a long list once, although the program is killed, and undoes that alone',
  async () => {
    await service.ledger.issueUpload({ uploadId: 'before', method: 'pull', owner: 'ann' });
    await service.ledger.transition('before', 'uploaded', { fileId: 'before' });
    const [first, second] = [await makeFolder(), await makeFolder()];
    await writeFile(join(first, 'library.csv'), makeList());
    const pull = ['pull', '--from', 'library.csv', '--no-look', '--yes'];

    const killed = await start(first, [...pull, '--no-wait']);
    let batches = 0;
    service.onRequest = (request) => {
      if (request.endsWith('/items') && request.startsWith('POST')) batches += 1;
      // The service still answers the request that it has.
      if (batches === 3) killed.kill('SIGKILL');
    };
    await finish(killed);
    service.onRequest = () => undefined;
    expect(batches).toBe(3);

    // Another machine has the list alone.
    await copyFile(join(first, 'library.csv'), join(second, 'library.csv'));
    const queued = await finish(await start(second, [...pull, '--no-wait', '--json']));
    const sent = await service.fetchQueued();
    const ended = await finish(await start(second, [...pull, '--json']));

    expect(JSON.parse(queued.out.split('\n')[0] ?? '')).toMatchObject({
      ...{ lines: LINES, accepted: PULLED, duplicates: LINES / 100 },
      refused: [{ count: LINES / 100, first: [52, 152, 252] }],
    });
    expect([sent.length, new Set(sent).size]).toEqual([PULLED, PULLED]);
    expect(JSON.parse(ended.out.trim().split('\n').at(-1) ?? '')).toMatchObject({
      ...{ type: 'end', total: PULLED, states: { ready: PULLED }, refusedHere: LINES / 100 },
    });
    const mapping = (await readFile(join(second, 'library.mapping.csv'), 'utf8'))
      .trim()
      .split('\n');
    expect(new Set(mapping.slice(1).map((line) => line.split(',')[3])).size).toBe(PULLED);
    expect(await service.fetchQueued()).toEqual([]);

    const undone = await finish(await start(first, ['runs', 'undo', 'library', '--yes']));
    expect(undone.out).toBe(
      `0 cancelled, ${new Intl.NumberFormat('en-GB').format(PULLED)} deleted\n`,
    );
    const deleted: string[] = [];
    for (;;) {
      const actions = await service.ledger.claimActions(1_000, 3_600);
      if (actions.length === 0) break;
      deleted.push(...actions.map(({ fileId }) => fileId));
    }
    expect([deleted.length, deleted.includes('before')]).toEqual([PULLED, false]);
    expect((await service.ledger.findUpload('before'))?.state).toBe('ready');
  },
  60_000 + LINES * 30,
);
