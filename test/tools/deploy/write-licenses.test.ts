import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import packages from '../../../package.json' with { type: 'json' };
import lock from '../../../package-lock.json' with { type: 'json' };
import { bundleFunctions } from '../../../tools/deploy/bundle.ts';
import { buildCode } from '../../../tools/deploy/code.ts';
import { writeLicenses } from '../../../tools/deploy/write-licenses.ts';
import { readZip } from '../../support/cloud/zip.ts';
import { makeFolder } from '../../support/make-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await makeFolder();
});

/** Creates a package and returns its folder. */
async function make(manifest: object, files: Readonly<Record<string, string>> = {}) {
  const made = await mkdtemp(join(folder, 'package-'));
  await writeFile(join(made, 'package.json'), JSON.stringify(manifest));
  for (const [name, text] of Object.entries(files)) await writeFile(join(made, name), text);
  return made;
}

const ACME = { name: '@acme/a', version: '1.2.3', license: 'ISC' };

describe('writeLicenses()', () => {
  it('contains name, version, licence and all texts of each package, once and sorted by name', async () => {
    const a = await make(ACME, {
      'LICENSE.md': 'Copyright Acme\r\nAll of it.\r\n',
      NOTICE: 'Made by Acme.',
      'README.md': 'Only a readme',
      'licenses.js': 'Only a program',
    });
    const same = await make(ACME, { LICENSE: 'Copyright Acme\nAll of it.' });
    const older = await make({ ...ACME, version: '1.0.0' }, { licence: 'Older terms' });
    const b = await make({ ...ACME, name: 'b', license: 'Apache-2.0' }, { COPYING: 'Apache' });

    const text = await writeLicenses([b, a, older, a]);

    expect(text.match(/^\S+ [\d.]+ \(.+\)$/gm)).toEqual([
      '@acme/a 1.0.0 (ISC)',
      '@acme/a 1.2.3 (ISC)',
      'b 1.2.3 (Apache-2.0)',
    ]);
    expect(text).toContain('Copyright Acme\nAll of it.\n\nMade by Acme.\n');
    expect(text).toContain('Older terms');
    expect(text).not.toMatch(/Only a|\r/);
    expect(await writeLicenses([a, older, b])).toBe(text);
    // If a package is in two places with the same version.
    expect((await writeLicenses([a, same])).match(/^@acme.*$/gm)).toEqual(['@acme/a 1.2.3 (ISC)']);
  });

  it.each([
    ['MIT', /^Copyright \(c\) Ann\n\nPermission is hereby granted, free of charge/m],
    ['Unlicense', /^This is free and unencumbered software released into the public domain\.$/m],
  ])('adds the text of %s if a package ships none', async (license, words) => {
    expect(await writeLicenses([await make({ ...ACME, license, author: 'Ann' })])).toMatch(words);
    const author = { name: 'Ann', email: 'ann@example.com' };
    expect(await writeLicenses([await make({ ...ACME, license, author })])).toMatch(words);
  });

  it('names every package with an unknown licence', async () => {
    const folders = [
      await make(ACME),
      await make({ ...ACME, name: 'b', license: 'SEE LICENSE IN elsewhere' }),
      await make({ name: 'c', version: '1.0.0' }, { LICENSE: 'x' }),
    ];
    await mkdir(join(folders[0] ?? '', 'LICENSES'));

    await expect(writeLicenses(folders)).rejects.toThrow(
      /package\.json names no package, version and licence\.\n@acme\/a 1\.2\.3 ships no text of its licence "ISC".*\nb 1\.2\.3 ships no text/s,
    );
  });
});

describe('buildCode()', () => {
  it('ships the licences of exactly the packages in the bundles', async () => {
    const { zip } = await buildCode('{}\n');
    const bundles = await bundleFunctions();
    const text = readZip(zip)
      .find(({ name }) => name === 'THIRD-PARTY-LICENSES.txt')
      ?.content.toString();
    const named = (text ?? '').match(/^\S+(?= \d+\.\d+\.\d+ \(.+\)$)/gm) ?? [];

    // All dependencies of the functions, including indirect ones.
    expect(named).toEqual(expect.arrayContaining(Object.keys(packages.dependencies)));
    expect(named).toEqual(
      expect.arrayContaining(['tencentcloud-sdk-nodejs-common', 'fast-sha256']),
    );
    // No development package is deployed: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json#packages.
    const locked: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>> =
      lock.packages;
    expect(named.filter((name) => locked[`node_modules/${name}`]?.dev !== undefined)).toEqual([]);
    expect(named.filter((name) => locked[`node_modules/${name}`] === undefined)).toEqual([]);
    // Parts of the vendor's SDK that are left out, and build tools.
    for (const absent of ['node-fetch', 'form-data', 'json-bigint', 'esbuild', 'tsx']) {
      expect(named).not.toContain(absent);
    }
    expect(text).toMatch(/^ +Apache License\n +Version 2\.0/m);
    expect(text).not.toContain(process.cwd());
    expect(Buffer.byteLength(text ?? '')).toBeLessThan(64_000);
    const signature = bundles.find(({ name }) => name === 'signature');
    expect(signature?.packages.some((each) => each.includes('tencentcloud'))).toBe(false);
  });
});
