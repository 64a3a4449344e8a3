import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../support/make-folder.ts';
import { OURS, useSetup, variable } from './setup-stage.ts';

const { vod, run } = useSetup();

describe('a serverless.yml', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await makeFolder();
  });

  const HEAD = 'service: other\nconfigValidationMode: off\nprovider: { name: tencent }\n';

  it.each([
    [
      'cannot be parsed',
      'custom:\n  token: not-for-everybody\n  upload: [',
      /^serverless\.yml cannot be read: Cannot parse "serverless\.yml": .*\(\d+:\d+\)\.$/,
    ],
    [
      'has a variable that is not set',
      `custom: { upload: "${variable('env:NOBODY_SETS_THIS')}" }`,
      /^serverless\.yml cannot be read: .*"custom\.upload": Value not found/,
    ],
    [
      'has wrong settings',
      'custom: { upload: { policy: { tenants: { subAppIds: { acme: 0 } } }, rule: [] } }',
      /^The settings in serverless\.yml are wrong: custom\.upload\.policy\.tenants\.claim .*; custom\.upload\.policy\.tenants\.subAppIds\.acme .*; custom\.upload\.rule .*\.$/,
    ],
    [
      'has settings of another type',
      'custom: { upload: [] }',
      /^The settings in serverless\.yml are wrong: custom\.upload .*\.$/,
    ],
  ])('is refused in a sentence if it %s', async (_, rest, reason) => {
    await writeFile(join(folder, 'serverless.yml'), `${HEAD}${rest}\n`);

    const { exitCode, out, error } = await run(['--callback-url', OURS, '--yes'], { folder });

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(error.trim().split('\n')).toHaveLength(1);
    expect(error.trim().replace('vod-upload setup: ', '')).toMatch(reason);
    expect(error).not.toContain('not-for-everybody');
    expect(vod.actions).toEqual([]);
  });

  it.each(['', 'custom: { other: 1 }', 'custom: { upload: }'])(
    'has no tenants with "%s"',
    async (rest) => {
      await writeFile(join(folder, 'serverless.yml'), `${HEAD}${rest}\n`);

      const { exitCode } = await run(['--callback-url', OURS, '--yes'], { folder });

      expect(exitCode).toBe(0);
      expect(vod.actions).toEqual(['DescribeEventConfig', 'ModifyEventConfig']);
    },
  );
});
