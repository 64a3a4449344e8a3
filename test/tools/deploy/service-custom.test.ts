import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readServiceCustom } from '../../../tools/deploy/service-custom.ts';
import { makeFolder } from '../../support/make-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(async () => {
  vi.unstubAllEnvs();
});

function write(custom: readonly string[]): Promise<void> {
  const head = ['service: other', 'configValidationMode: off', 'provider: { name: tencent }'];
  return writeFile(join(folder, 'serverless.yml'), [...head, ...custom, ''].join('\n'));
}

/** Returns the text of a variable in serverless.yml. */
function variable(source: string): string {
  return `\${${source}}`;
}

describe('readServiceCustom()', () => {
  it('resolves variables and other files, as a deployment does', async () => {
    await writeFile(join(folder, 'rules.yml'), '- { name: a, set: { classId: 7 } }\n');
    await write([
      'custom:',
      '  upload:',
      `    rules: ${variable('file(rules.yml)')}`,
      '    policy: {}',
    ]);

    expect(await readServiceCustom(folder)).toEqual({
      upload: { rules: [{ name: 'a', set: { classId: 7 } }], policy: {} },
    });
  });

  it('needs no writable home directory', async () => {
    // Nobody can write there, not even root.
    vi.stubEnv('HOME', '/dev/null/home');
    const head = ['service: other', 'configValidationMode: warn', 'provider: { name: tencent }'];
    await writeFile(join(folder, 'serverless.yml'), [...head, 'custom: { a: 1 }', ''].join('\n'));

    expect(await readServiceCustom(folder)).toEqual({ a: 1 });
  });

  it("passes on Serverless's message about a file that it cannot read", async () => {
    await write(['custom:', `  upload: ${variable('env:NOBODY_SETS_THIS')}`]);

    await expect(readServiceCustom(folder)).rejects.toThrow(
      /serverless.yml cannot be read: .*"custom.upload"/s,
    );
  });

  it('reads it with the variables of a deployment, and no others', async () => {
    await write([
      'custom:',
      `  stage: ${variable("opt:stage, 'dev'")}`,
      `  region: ${variable("opt:region, 'nowhere'")}`,
      `  told: ${variable("env:TOLD, 'nothing'")}`,
      `  path: ${variable("env:PATH, 'nothing'")}`,
    ]);

    const environment = { TOLD: 'something' };
    const told = { stage: 'prod', told: 'something', path: 'nothing' };

    expect(
      await readServiceCustom(folder, { environment, stage: 'prod', region: 'ap-seoul' }),
    ).toEqual({ ...told, region: 'ap-seoul' });
    expect(await readServiceCustom(folder, { environment, stage: 'prod' })).toEqual({
      ...told,
      region: 'nowhere',
    });
  });

  it('returns undefined if the file has no custom', async () => {
    await write([]);

    expect(await readServiceCustom(folder)).toBeUndefined();
  });

  it('reads the file of this project', async () => {
    const root = fileURLToPath(new URL('../../../', import.meta.url));

    expect(await readServiceCustom(root)).toMatchObject({
      upload: { policy: expect.any(Object) },
    });
  });
});
