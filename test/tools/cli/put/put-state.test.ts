import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../support/make-folder.ts';
import { useStack } from '../../../support/stack-stage.ts';
import type { Variables } from '../cli-stage.ts';
import { callerVariables, runPut, writeMedia } from './put-stage.ts';

const stage = useStack(() => ({}), { per: 'file' });

let variables: Variables;
beforeEach(async () => {
  variables = await callerVariables(stage, 'upload:sign');
  await writeMedia(stage, 'a.mp4', 10);
});

const put = (...args: readonly string[]) => runPut(stage, ['a.mp4', ...args], variables);

describe('the folder of the state', () => {
  it('is made if the one around it is there, which is said', async () => {
    const first = await put('--state', 'state');
    const second = await put('--state', 'state');
    const byDefault = await put();

    const place = join(stage.dir, 'state');
    expect([first.exitCode, first.error]).toEqual([
      0,
      `The state of uploads is kept in ${place}, a new folder.\n`,
    ]);
    expect([second.exitCode, second.error]).toEqual([0, '']);
    expect(second.out).toContain('uploaded before');
    expect([byDefault.exitCode, byDefault.error]).toEqual([0, '']);
  });

  it('is said as JSON, too', async () => {
    const { out } = await put('--state', 'told', '--json');

    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({
      event: 'note',
      message: expect.stringContaining(join(stage.dir, 'told')),
    });
  });

  it.each([
    ['stat/uploads', 'stat', 'There is no folder'],
    ['a.mp4', 'a.mp4', '--state must name a folder'],
    ['a.mp4/state', 'a.mp4', 'There is no folder'],
  ])('is refused if it can only be a mistake: %s', async (state, wrong, message) => {
    const before = await readdir(stage.dir);

    const { exitCode, out, error } = await put('--state', state);

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(error).toContain(message);
    expect(error).toContain(join(stage.dir, wrong));
    expect(await readdir(stage.dir)).toEqual(before);
  });

  it('is not made to remove what is not there', async () => {
    const before = await readdir(stage.dir);

    const mistyped = await put('--state', 'mistyped', '--abort');
    const other = await makeFolder();
    const nothing = await runPut(stage, ['a.mp4', '--abort'], variables, { folder: other });

    expect([mistyped.exitCode, mistyped.error]).toEqual([
      2,
      `vod-upload put: There is no folder ${join(stage.dir, 'mistyped')}: --state must name the one of the interrupted upload.\n`,
    ]);
    expect([nothing.exitCode, nothing.error]).toEqual([
      0,
      `${join(other, 'a.mp4')}: there is no interrupted upload in ${join(other, '.vod-upload')}\n`,
    ]);
    expect(await readdir(stage.dir)).toEqual(before);
    expect(await readdir(other)).toEqual([]);
  });
});
