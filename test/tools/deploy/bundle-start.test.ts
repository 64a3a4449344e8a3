import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BuiltFolder, buildFolder } from '../../support/built-folder.ts';

let built: BuiltFolder;

beforeAll(async () => {
  built = await buildFolder();
});
afterAll(() => built.remove());

/** Node.js loads it when `performance` is first used, which takes longer than all else that the first call does. */
const SLOW = 'NativeModule perf_hooks';

it.each(['signature', 'uploads'])(
  'the first call of %s loads no module for measurements',
  async (name) => {
    const script = `require('./${name}.js').main_handler({ httpMethod: 'GET' }, {}).then(() => {
    console.log(process.moduleLoadList.includes(${JSON.stringify(SLOW)}));
  });`;

    const run = promisify(execFile)(process.execPath, ['-e', script], {
      cwd: built.folder,
      env: {},
    });
    const { stdout } = await run;

    expect(stdout.trim().split('\n').at(-1)).toBe('false');
  },
);
