import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ITEM_KINDS } from '../../lib/model/item-name.ts';
import { COMMANDS } from '../bench/commands.ts';
import { writeTarget } from '../bench/table.ts';
import { ROOT, readFile, sectionOf } from './documents.ts';

/** Returns the variables that the tables of a section describe. */
function listVariables(section: string): ReadonlySet<string> {
  const rows = section.matchAll(/^\| ((?:`[A-Z\d_]+`(?:, )?)+) \|/gm);
  return new Set([...rows].flatMap(([, names = '']) => names.match(/[A-Z\d_]+/g) ?? []));
}

/** Returns the first cells of a section's tables, without headings and code marks. */
function listRows(section: string): readonly string[] {
  return [...section.matchAll(/^\| `([^`|]+)` \|(?!.*\n\| ---)/gm)].map(([, name = '']) => name);
}

/** A variable as a schema names it; the variables of the platform are not described here. */
const VARIABLE =
  /\b(?:VOD|AUTH|CORS|SOURCE|CALLBACK|PULL|DATABASE|WEBHOOK|EVENT|RETENTION)(?:_[A-Z\d]+)*\b(?=:)/g;

const configured = listVariables(sectionOf('docs/configuration.md', 'Variables of the functions'));
const deploying = listVariables(sectionOf('docs/configuration.md', 'Variables of a deployment'));

describe('the tables of variables', () => {
  it('name every environment variable that the functions read, and no other', () => {
    const inCode = new Set(
      [
        ...readdirSync(`${ROOT}lib/config`).map((name) => `lib/config/${name}`),
        'lib/vod/api-config.ts',
      ].flatMap((source) => readFile(source).match(VARIABLE) ?? []),
    );

    expect([...configured].sort()).toEqual([...inCode].sort());
    expect(inCode.size).toBeGreaterThan(5);
  });

  it('name every variable that a deployment reads, and no other', () => {
    const inFile = readFile('serverless.yml').matchAll(/\benv:([A-Z\d_]+)/g);
    const credentials = readFile('tools/deploy/credentials.ts').matchAll(/'(TENCENT[A-Z_]+)'/g);
    const names = [...inFile, ...credentials].map(([, name = '']) => name);
    const inCode = new Set(names.filter((name) => !configured.has(name)));

    expect([...deploying].sort()).toEqual([...inCode].sort());
    expect(inCode.size).toBeGreaterThan(10);
  });

  it.each(['README.md', 'docs/deployment.md'])(
    'have all variables of the example in %s',
    (document) => {
      const [, example = ''] = /^ *```dotenv\n(.*?)```$/ms.exec(readFile(document)) ?? [];
      const names = example.match(/^ *[A-Z_]+(?==)/gm) ?? [];

      expect(names.length).toBeGreaterThan(5);
      expect([...configured, ...deploying]).toEqual(
        expect.arrayContaining(names.map((name) => name.trim())),
      );
    },
  );
});

describe('the tables of commands', () => {
  const commands = readFile('docs/commands.md');

  it('name every command of vod-upload', () => {
    const entries = readFile('tools/cli/run-cli.ts').matchAll(/^ {4}name: '(\w+)',$/gm);
    const names = [...entries].map(([, name]) => name);

    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect(commands).toContain(`| \`npx vod-upload ${name}\` |`);
  });

  it('name every event that put writes with --json, and no other', () => {
    const sources = ['reporter', 'put-command'].map((name) => readFile(`tools/cli/put/${name}.ts`));
    const events = sources.join().matchAll(/(?:\bwrite\(\s*'|\bevent: ')(\w+)'/g);

    expect(listRows(sectionOf('docs/put.md', 'Output')).toSorted()).toEqual(
      [...new Set([...events].map(([, name = '']) => name))].toSorted(),
    );
  });

  it('name every script, and no other', () => {
    const { scripts } = JSON.parse(readFile('package.json'));
    const told = [...commands.matchAll(/^\| `npm (?:run )?([\w:-]+)/gm)].map(([, name]) => name);

    expect(new Set(told)).toEqual(new Set(Object.keys(scripts)));
  });
});

describe('the text of the HTTP API', () => {
  it('has every field of an upload, in the order of the response', () => {
    const source = readFile('lib/webhooks/message.ts');
    const [, fields = ''] = /const UPLOAD_FIELDS = Object\.keys\(\{(.+?)\}/s.exec(source) ?? [];
    const names = fields.match(/\w+(?=: 0)/g) ?? [];
    const [, told = ''] = /An upload is `\{ (.+?) \}`/s.exec(readFile('docs/http-api.md')) ?? [];

    expect(names.length).toBeGreaterThan(20);
    expect(told.replaceAll('?', '').split(/,\s+/)).toEqual(names);
  });
});

describe('the tables of policy and rules', () => {
  it('name every field of a profile and of every quota', () => {
    const document = readFile('docs/policy-and-rules.md');
    const source = readFile('lib/policy/profile.ts');
    const names = [...source.matchAll(/^ {2}(\w+): v\.optional/gm)].map(([, name = '']) => name);
    const limits = [...readFile('lib/validation/fields.ts').matchAll(/^ {2}(\w+): v\.optional/gm)];

    expect(names.length).toBeGreaterThan(8);
    expect(limits.length).toBe(3);
    for (const name of [...names, ...limits.map(([, limit = '']) => limit)]) {
      expect(document).toMatch(new RegExp(`^\\| [^|]*\`${name}\\b`, 'm'));
    }
  });
});

describe('the tables of operations', () => {
  it('name every kind of dead item', () => {
    expect(listRows(sectionOf('docs/operations.md', 'Set aside'))).toEqual([...ITEM_KINDS]);
  });

  it('name only log fields that the code writes', () => {
    const lib = readdirSync(`${ROOT}lib`, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFile(`lib/${name}`))
      .join('\n');
    const rows = sectionOf('docs/operations.md', 'Alarms and what to do').matchAll(
      /^\| (`[^|]+) \|/gm,
    );
    const fields = [...rows].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([A-Za-z.]+)(?:: [^`]+)?`/g)].map(([, name = '']) => name),
    );

    expect(fields.length).toBeGreaterThan(40);
    const parts = new Set(fields.flatMap((name) => name.split('.')));
    expect([...parts].filter((name) => !new RegExp(`\\b${name}\\b`).test(lib))).toEqual([]);
  });
});

describe('the tables of the local stack', () => {
  it('name every path of its controls, and no other', () => {
    const sources = [
      ...['controls.ts', 'control-handler.ts', 'emulator-controls.ts', 'arrival-controls.ts'],
      ...['consumer.ts', 'router.ts'],
    ];
    const inCode = sources.flatMap((name) =>
      [...readFile(`tools/local/${name}`).matchAll(/'(?:[A-Z]+ )?(\/__local\/[a-z-]+)'/g)].map(
        ([, path]) => path,
      ),
    );
    const told = [
      ...readFile('docs/local-stack.md').matchAll(/^\| `(?:[A-Z]+ )?(\/__local\/[a-z-]+)`/gm),
    ];

    expect(new Set(told.map(([, path]) => path))).toEqual(new Set(inCode));
    expect(told.length).toBeGreaterThan(10);
  });
});

describe('the table of performance', () => {
  it('has every target of the benchmarks, and no other', () => {
    const rows = readFile('docs/performance.md').matchAll(/^\| [^|]+ \| (at [^|]+) \|/gm);
    const targets = Object.values(COMMANDS)
      .flatMap(({ list }) => list([]))
      .map(({ target, unit }) => writeTarget(target, unit))
      .filter((target) => target !== '');

    expect(new Set([...rows].map(([, target]) => target))).toEqual(new Set(targets));
    expect(targets.length).toBeGreaterThan(30);
  });
});
