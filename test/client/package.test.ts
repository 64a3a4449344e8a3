import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildClient } from '../../tools/client/build-client.ts';
import { ROOT } from '../documents/documents.ts';
import { removeScratch } from '../support/remove-scratch.ts';

const run = promisify(execFile);

let scratch: string;
let app: string;
let tarball: string;

/** Packs the package as it would be published, and installs it into an app that has nothing else. */
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vod-upload-client-'));
  const packed = join(scratch, 'client');
  app = join(scratch, 'app');
  await Promise.all([mkdir(packed), mkdir(app)]);
  for (const file of ['package.json', 'README.md']) {
    await cp(join(ROOT, 'client', file), join(packed, file));
  }
  await buildClient(join(packed, 'dist'));
  await run('npm', ['pack', '--pack-destination', scratch], { cwd: packed });
  const [name = ''] = (await readdir(scratch)).filter((file) => file.endsWith('.tgz'));
  tarball = join(scratch, name);
  await writeFile(
    join(app, 'package.json'),
    '{ "name": "app", "private": true, "type": "module" }',
  );
  await run('npm', ['install', '--offline', '--no-audit', tarball], { cwd: app });
});
afterAll(() => removeScratch(scratch));

/** Returns what a bundler makes of a program of the app, without React. */
async function bundle(program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: app },
    ...{ bundle: true, minify: true, format: 'esm', target: 'es2022', write: false },
    external: ['react'],
    legalComments: 'none',
  });
  return outputFiles[0]?.text ?? '';
}

const compressedSize = (code: string) => gzipSync(code, { level: 9 }).length;

describe('the package', () => {
  it('has no dependency, and nothing is installed but itself', async () => {
    const installed = await readdir(join(app, 'node_modules'));
    const manifest = JSON.parse(await readFile(join(ROOT, 'client/package.json'), 'utf8'));

    expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['vod-upload-client']);
    expect(manifest).not.toHaveProperty('dependencies');
    // Those of its development are in its code, in the versions that are tested here.
    const { dependencies, devDependencies } = JSON.parse(
      await readFile(join(ROOT, 'package.json'), 'utf8'),
    );
    expect({ ...dependencies, ...devDependencies }).toMatchObject(manifest.devDependencies);
  });

  it('imports nothing of the service', async () => {
    const names = await readdir(join(ROOT, 'client'), { recursive: true });
    const files = names.filter((name) => name.endsWith('.ts') && !name.startsWith('dist'));
    const texts = await Promise.all(
      files.map((name) => readFile(join(ROOT, 'client', name), 'utf8')),
    );
    const imported = texts.flatMap((text) =>
      Array.from(text.matchAll(/ from '([^']+)'/g), ([, name = '']) => name),
    );

    expect(files.length).toBeGreaterThan(50);
    const outside = imported.filter((name) => !/^(\.\/|node:)/.test(name));
    expect(new Set(outside)).toEqual(
      new Set([
        ...['openapi-fetch', 'react', 'standardwebhooks', 'valibot'],
        ...['../backend.ts', '../problem.ts', '../put-options.ts'],
      ]),
    );
  });

  it('loads what uploads from Node.js need with the first upload', async () => {
    const program = `
      import { putFile } from 'vod-upload-client/node';
      const isLoaded = () => process.moduleLoadList.includes('NativeModule https');
      const before = isLoaded();
      await putFile('none.mp4', { endpoint: 'http://127.0.0.1:9', token: 't' }).catch(() => {});
      console.log(before, isLoaded());`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
      cwd: app,
    });

    expect(stdout).toBe('false true\n');
  });

  it('is published as its files say', async () => {
    const { messages, pkg } = await publint({
      pkgDir: join(app, 'node_modules/vod-upload-client'),
      strict: true,
    });

    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('has types wherever an ECMAScript module is resolved', async () => {
    const data = new Uint8Array(await readFile(tarball));
    const checked = await checkPackage(createPackageFromTarballData(data));

    if (checked.types === false) throw new Error('The package has no types');
    const { problems, entrypoints } = checked;
    // CommonJS of before Node.js 20.19 cannot load it, and resolution of before `exports` does not find its parts.
    const known = ['CJSResolvesToESM', 'NoResolution'];
    expect(problems.filter(({ kind }) => !known.includes(kind))).toEqual([]);
    for (const mode of ['node16-esm', 'bundler'] as const) {
      for (const [name, { resolutions }] of Object.entries(entrypoints)) {
        if (name === './package.json') continue;
        expect(resolutions[mode].resolution?.isTypeScript, `${name} ${mode}`).toBe(true);
      }
    }
  });

  it('has the licences of what is in it', async () => {
    const folder = join(app, 'node_modules/vod-upload-client/dist');
    const licenses = await readFile(join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8');

    expect(licenses.match(/^\S+ \d+\.\d+\.\d+ \(\w+\)$/gm)).toEqual([
      ...[expect.stringMatching(/^@stablelib\/base64 /), expect.stringMatching(/^fast-sha256 /)],
      ...[expect.stringMatching(/^openapi-fetch /), expect.stringMatching(/^standardwebhooks /)],
      expect.stringMatching(/^valibot /),
    ]);
    expect(await readFile(join(folder, 'LICENSE'), 'utf8')).toContain('MIT');
  });

  it('loads in Node.js, and each entry has the same error', async () => {
    const program = `
      import { createVodUpload, VodUploadError } from 'vod-upload-client';
      import { createVodApi, verifyWebhook, VodUploadError as Same } from 'vod-upload-client/node';
      import { createInspector } from 'vod-upload-client/mediainfo';
      createVodUpload({ endpoint: 'https://vod.example.com', token: 't', sdk: () => class {} });
      console.log([createVodApi, verifyWebhook, createInspector].map((each) => typeof each).join(), Same === VodUploadError);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
      cwd: app,
    });

    expect(stdout).toBe('function,function,function true\n');
  });
});

describe('in an app, minified and compressed,', () => {
  it('the core has at most 5 kB', async () => {
    const code = await bundle("export { createVodUpload } from 'vod-upload-client';");

    expect(compressedSize(code)).toBeLessThanOrEqual(5_000);
  });

  it('the React hook has less than 2 kB, and does not bring the core', async () => {
    const code = await bundle("export { useVodUpload } from 'vod-upload-client/react';");

    expect(compressedSize(code)).toBeLessThan(2_000);
    expect(code).not.toContain('localStorage');
  });

  it('what is not used is left out', async () => {
    const code = await bundle("export { VodUploadError } from 'vod-upload-client';");

    expect(compressedSize(code)).toBeLessThan(200);
  });
});
