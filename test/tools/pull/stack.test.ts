import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runCli } from '../../../tools/cli/run-cli.ts';
import { makeFolder } from '../../support/make-folder.ts';
import { useStack } from '../../support/stack-stage.ts';
import { NO_TERMINAL } from '../cli/cli-stage.ts';

const stage = useStack();

/** Asks the stack as its page does. */
const control = async (path: string, body: object = {}) => {
  const { origin } = stage.stack;
  const response = await fetch(`${origin}${path}`, {
    ...{ method: 'POST', headers: { origin }, body: JSON.stringify(body) },
  });
  return JSON.parse(await response.text());
};

it('moves a small library into the local stack, and out of it again', async () => {
  const folder = await makeFolder();
  const sources = ['a', 'b', 'c'].map((id) => `${id},http://samples.example.com/video.mp4?n=${id}`);
  await writeFile(
    join(folder, 'library.csv'),
    `id,url\n${sources.join('\n')}\nlost,http://samples.example.com/none.mp4\n`,
  );
  const { token } = await control('/__local/token', { scope: 'upload:pull upload:read' });
  const run = async (args: readonly string[]) => {
    const out: string[] = [];
    const exitCode = await runCli(args, {
      environment: { VOD_UPLOAD_ENDPOINT: stage.stack.origin, VOD_UPLOAD_TOKEN: token },
      ...{ ...NO_TERMINAL, folder, now: Date.now },
      writeOut: (text) => out.push(text),
      writeError: (text) => out.push(text),
    });
    return { exitCode, out: out.join('') };
  };
  let isOver = false;
  const sweeps = (async () => {
    while (!isOver) {
      await control('/__local/sweep');
      await sleep(200);
    }
  })();

  const pulled = await run([
    'pull',
    '--from',
    'library.csv',
    '--no-look',
    '--yes',
    '--every',
    '0.3',
  ]);
  const again = await run([
    'pull',
    '--from',
    'library.csv',
    '--no-look',
    '--yes',
    '--every',
    '0.3',
  ]);
  const undone = await run(['runs', 'undo', 'library', '--yes']);
  let shown = '';
  while (!shown.includes('deleted')) shown = (await run(['runs', 'show', 'library'])).out;
  isOver = true;
  await sweeps;

  expect(pulled.out).toContain('3 of 4 are ready.');
  expect([pulled.exitCode, again.exitCode]).toEqual([1, 1]);
  const mapping = (await readFile(join(folder, 'library.mapping.csv'), 'utf8')).trim().split('\n');
  expect(mapping.slice(1).map((line) => [line.split(',')[0], line.split(',').at(-2)])).toEqual([
    ['a', 'ready'],
    ['b', 'ready'],
    ['c', 'ready'],
    ['lost', 'failed'],
  ]);
  expect(again.out).toContain('4 known to the run');
  expect(undone.out).toBe('0 cancelled, 3 deleted\n');
  const info = await fetch(`${stage.stack.origin}/__local/info`);
  const media = JSON.parse(await info.text());
  expect(media.mediaCount).toBeLessThan(3);
});
