import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../../tools/deploy/env-file.ts';
import { BLOCKS, blocksOf, explainKind, placeOf } from './blocks.ts';
import { listDocuments, readFile } from './documents.ts';
import { readCustom } from './read-custom.ts';
import { startShell } from './shell.ts';

const named = (blocks: ReturnType<typeof blocksOf>) =>
  blocks.map((block) => [placeOf(block), block] as const);

describe('each block of code', () => {
  it('is of a kind that is tested, or says why it cannot be tested', () => {
    const unknown = BLOCKS.flatMap((block) => {
      const problem = explainKind(block);
      return problem === undefined ? [] : [`${placeOf(block)} ${problem}`];
    });

    expect(unknown).toEqual([]);
    expect(BLOCKS.length).toBeGreaterThan(40);
  });

  it('is reported if it is not of such a kind', () => {
    const block = { document: 'docs/made-up.md', line: 1, text: '' };

    expect(explainKind({ ...block, language: 'sh', word: 'later' })).toMatch(/unknown word/);
    expect(explainKind({ ...block, language: '', word: '' })).toMatch(/nothing tests/);
    expect(explainKind({ ...block, language: 'python', word: '' })).toMatch(/nothing tests/);
    expect(explainKind({ ...block, language: 'text', word: '' })).toMatch(/whose it is/);
    expect(explainKind({ ...block, language: 'json', word: '400' })).toMatch(/unknown word/);
    expect(explainKind({ ...block, language: 'sh', word: '' })).toBeUndefined();
  });
});

describe('blocks of JSON', () => {
  it.each(named(blocksOf('json')))('%s can be parsed', (_place, { text }) => {
    expect(JSON.parse(text)).toBeTypeOf('object');
  });
});

describe('blocks of YAML', () => {
  it.each(named(blocksOf('yaml')))(
    '%s has settings that a deployment accepts',
    async (_place, { text }) => {
      expect(Object.keys(await readCustom(text))).not.toEqual([]);
    },
  );
});

describe('blocks of JavaScript', () => {
  it.each(named(blocksOf('js')))('%s compiles', async (_place, { text }) => {
    const { code, warnings } = await transform(text, { loader: 'js', format: 'esm' });

    expect(warnings).toEqual([]);
    expect(code).not.toBe('');
  });
});

describe('blocks of HTML', () => {
  // The tests in a browser write them into files with these names.
  it.each(named(blocksOf('html')))('%s is a page of the app', (_place, { document, text }) => {
    expect(['docs/client.md', 'docs/front-end.md']).toContain(document);
    expect(text).toMatch(/^<!-- [\w-]+\.html -->\n<!doctype html>\n/);
  });
});

describe('blocks of environment variables', () => {
  it.each(named(blocksOf('dotenv')))('%s is read unchanged', (_place, { text }) => {
    const { variables, problems } = parseEnvFile(text, () => false);

    expect(problems).toEqual([]);
    expect(Object.keys(variables).length).toBeGreaterThan(5);
  });
});

describe('blocks of output', () => {
  it.each([
    ['deploy', 'test/tools/deploy/e2e-first-deployment.test.ts'],
    ['setup', 'test/tools/cli/setup/setup.test.ts'],
    ['doctor', 'test/tools/cli/doctor/doctor.test.ts'],
  ])('"%s" is compared by %s', (word, test) => {
    expect(blocksOf('text', word)).toHaveLength(1);
    expect(readFile(test)).toContain(`readShown('${word}')`);
  });
});

describe('the diagram', () => {
  it('shows each function, what calls it, and that it uses lib', () => {
    const [{ text } = { text: '' }, ...others] = blocksOf('mermaid');
    const [, functions = ''] = /subgraph functions\n(.+?)\n +end\n/s.exec(text) ?? [];
    const names = functions.match(/\w+/g) ?? [];

    expect(others).toEqual([]);
    expect(names.toSorted()).toEqual(['callback', 'pull', 'signature', 'sweep', 'uploads']);
    for (const name of names) {
      expect(text).toMatch(new RegExp(`^ +\\w+ --> ${name}$`, 'm'));
      expect(text).toContain(`${name} --> lib`);
    }
  });
});

describe('blocks for a shell', () => {
  it.each(named(blocksOf('sh')))('%s is valid bash', async (_place, { text }) => {
    const shell = startShell(`set -n\n${text}`);

    expect([await shell.ended, shell.output().err]).toEqual([0, '']);
  });

  it.each(named(blocksOf('sh', 'cloud')))('%s has only commands that exist', (_place, { text }) => {
    const { scripts } = JSON.parse(readFile('package.json'));
    const commands = text.trimEnd().split('\n');
    const entries = readFile('tools/cli/run-cli.ts').matchAll(/^ {4}name: '(\w+)',$/gm);
    const tools = [...entries].map(([, name]) => name);

    for (const command of commands) {
      const [, script, tool] = /^npm run (\w+)|^npx vod-upload (\w+)/.exec(command) ?? [];
      if (script !== undefined) expect(Object.keys(scripts)).toContain(script);
      else if (tool !== undefined) expect(tools).toContain(tool);
      else expect(command).toMatch(/^npm ci$|^curl .* https:\/\/<your function>\//);
    }
  });

  it.each(named(blocksOf('sh', 'clone')))(
    '%s is also run by CI in a fresh clone',
    (_place, { text }) => {
      const done = readFile('.ci/fresh-machine') + readFile('.ci/run');

      for (const command of text.trimEnd().split('\n')) {
        expect(done).toMatch(new RegExp(`^[^#\\n]*\\b${command}\\b`, 'm'));
      }
    },
  );

  it('set up a clone in the README, the contributing guide and the guide for app developers', () => {
    const documents = blocksOf('sh', 'clone').map(({ document }) => document);

    expect(documents).toEqual(['CONTRIBUTING.md', 'README.md', 'docs/guide-app-developer.md']);
    expect(listDocuments()).toEqual(expect.arrayContaining(documents));
  });
});
