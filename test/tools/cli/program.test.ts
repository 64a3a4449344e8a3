import { execFile } from 'node:child_process';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { removeScratch } from '../../support/remove-scratch.ts';

// Several programs are built, one after another.
vi.setConfig({ testTimeout: 90_000 });

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const COPIED = [
  'client',
  'lib',
  'tools/cli',
  'tools/deploy',
  'tools/pull',
  'tools/put',
  'package.json',
];

/** A separate checkout with the packages of this one. */
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'checkout-'));
  for (const name of COPIED) await cp(join(ROOT, name), join(copy, name), { recursive: true });
  await mkdir(join(copy, 'node_modules'));
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name.startsWith('.')) continue;
    await symlink(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name), 'dir');
  }
});
afterAll(() => removeScratch(copy));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  const program = join(copy, 'tools/cli/vod-upload.mjs');
  return new Promise((resolve) => {
    const child = execFile(program, [...args], { env, cwd: tmpdir() }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** Runs the program, and returns its output and the names of all files of code that it loaded. */
async function trace(args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'loaded-'));
  const { stdout } = await run(args, { NODE_V8_COVERAGE: folder });
  const reports = await readdir(folder);
  const texts = await Promise.all(reports.map((name) => readFile(join(folder, name), 'utf8')));
  await removeScratch(folder);
  const loaded: { url: string }[] = texts.flatMap((text) => JSON.parse(text).result);
  const files = loaded.flatMap(({ url }) => (url.startsWith('file:') ? [basename(url)] : []));
  return { stdout, loaded: files.sort() };
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const path = join(copy, file);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
}

const BUILT = /^[0-9a-f]{16}\.mjs$/;

describe('the program', () => {
  it.each([[['--version']], [['doctor', '--json']]])(
    'loads one built file for %j',
    async (args) => {
      await run(['--version']);

      const { loaded, stdout } = await trace(args);

      expect(stdout).not.toBe('');
      expect(loaded).toEqual([expect.stringMatching(BUILT), 'program.mjs', 'vod-upload.mjs']);
    },
  );

  it('is built again after any change of a source, even if its time is set back', async () => {
    expect((await run(['--version'])).stdout).toBe('0.1.0\n');
    const path = join(copy, 'package.json');
    const { atime, mtime } = await stat(path);

    await edit('package.json', '"version": "0.1.0"', '"version": "0.1.1"');
    await utimes(path, atime, mtime);
    expect((await run(['--version'])).stdout).toBe('0.1.1\n');

    await edit('tools/cli/run-cli.ts', 'Usage:', 'How to use it:');
    const both = await Promise.all([run(['--help']), run(['--help'])]);
    for (const { stdout } of both) expect(stdout).toContain('How to use it:');

    await edit('tools/cli/run-cli.ts', 'How to use it:', 'Usage:');
    await edit('package.json', '"version": "0.1.1"', '"version": "0.1.0"');
    expect((await run(['--help'])).stdout).toContain('Usage:');
  });

  it('is never outdated: a failing build ends with an error', async () => {
    await run(['--version']);
    await edit('tools/cli/suggest.ts', 'return', 'retrun');

    const { code, stdout, stderr } = await run(['--version']);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('suggest.ts');
    await edit('tools/cli/suggest.ts', 'retrun', 'return');
    expect((await run(['--version'])).stdout).toBe('0.1.0\n');
  });

  it('runs from its sources if nothing can be written', async () => {
    const cache = join(copy, 'node_modules/.cache');
    await rm(cache, { recursive: true });
    await writeFile(cache, '');

    const { stdout, loaded } = await trace(['--version']);

    expect(stdout).toBe('0.1.0\n');
    expect(loaded).toContain('main.ts');
    await rm(cache);
  });

  it('finds the files next to its sources', async () => {
    const service = await mkdtemp(join(tmpdir(), 'service-'));
    await writeFile(
      join(service, 'serverless.yml'),
      'service: x\nprovider: { name: tencent }\ncustom: [\n',
    );
    const program = join(copy, 'tools/cli/vod-upload.mjs');

    const report = await new Promise<string>((resolve) => {
      execFile(program, ['doctor', '--json'], { cwd: service }, (_, stdout) => resolve(stdout));
    });

    expect(JSON.parse(report).findings).toContainEqual(
      expect.objectContaining({
        text: expect.stringMatching(/^serverless\.yml cannot be read: Cannot parse/),
      }),
    );
    await removeScratch(service);
  });
});
