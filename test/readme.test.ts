import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boundSignature } from '../lib/policy/bound-signature.ts';
import { selectProfile } from '../lib/policy/select-profile.ts';
import { describeProblem } from '../lib/problem.ts';
import { readServiceCustom } from '../tools/deploy/service-custom.ts';
import { readSettings } from '../tools/deploy/settings.ts';
import { FAULTS } from '../tools/local/emulator/faults.ts';
import { removeScratch } from './support/remove-scratch.ts';
import { settingsOf } from './support/settings.ts';

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

const readme = read('README.md');

/** Returns the part of the README from one heading to another. */
function sectionOf(start: string, end: string): string {
  return readme.slice(readme.indexOf(`\n${start}\n`), readme.indexOf(`\n${end}\n`));
}

/** Returns the variables that the tables of a section describe. */
function listTold(section: string): ReadonlySet<string> {
  const rows = section.matchAll(/^\| ((?:`[A-Z\d_]+`(?:, )?)+) \|/gm);
  return new Set([...rows].flatMap(([, names = '']) => names.match(/[A-Z\d_]+/g) ?? []));
}

/** A variable as a schema names it; what the platform gives by itself is not ours to describe. */
const VARIABLE =
  /\b(?:VOD|AUTH|CORS|SOURCE|CALLBACK|PULL|DATABASE|WEBHOOK|EVENT)(?:_[A-Z\d]+)*\b(?=:)/g;

const configured = listTold(sectionOf('## Configuration', '## On one machine'));

describe('README.md', () => {
  it('names every environment variable that the functions read, and of no other', () => {
    const inCode = new Set(
      [
        ...readdirSync(new URL('../lib/config', import.meta.url)).map(
          (name) => `lib/config/${name}`,
        ),
        'lib/vod/api-config.ts',
      ].flatMap((source) => read(source).match(VARIABLE) ?? []),
    );

    expect([...configured].sort()).toEqual([...inCode].sort());
    expect(inCode.size).toBeGreaterThan(5);
  });

  it('names every variable that a deployment reads, and of no other', () => {
    const inFile = read('serverless.yml').matchAll(/\benv:([A-Z\d_]+)/g);
    const credentials = read('tools/deploy/credentials.ts').matchAll(/'(TENCENT[A-Z_]+)'/g);
    const names = [...inFile, ...credentials].map(([, name = '']) => name);
    const deploying = new Set(names.filter((name) => !configured.has(name)));
    const told = listTold(sectionOf('## Deploy', '## HTTP reference'));

    expect([...told].sort()).toEqual([...deploying].sort());
    expect(deploying.size).toBeGreaterThan(10);
  });

  it('needs no variable for its example of a deployment but those that it describes', () => {
    const [, example = ''] = readme.split('```sh\n   # The user that deploys');
    const names = example.slice(0, example.indexOf('```')).match(/^ +[A-Z_]+(?==)/gm) ?? [];
    const told = [...configured, ...listTold(sectionOf('## Deploy', '## HTTP reference'))];

    expect(names.length).toBeGreaterThan(5);
    expect(told).toEqual(expect.arrayContaining(names.map((name) => name.trim())));
  });

  it('names every command of vod-upload', () => {
    const entries = read('tools/cli/run-cli.ts').matchAll(/^ {4}name: '(\w+)',$/gm);
    const commands = [...entries].map(([, name]) => name);

    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) expect(readme).toContain(`| \`npx vod-upload ${command}\` |`);
  });

  it('names every problem code with its status', () => {
    const statuses = [...read('lib/problem.ts').matchAll(/^ {2}(\w+): (\d{3}),$/gm)];

    expect(statuses.length).toBeGreaterThan(5);
    for (const [, code, status] of statuses)
      expect(readme).toContain(`| \`${code}\` | ${status} |`);
  });

  it.each([
    ['signature', 'const signatureRequest', / {2,4}(\w+): v\.optional/g, 12],
    ['pull', 'const pullItem', /^ {4}(\w+): v\./gm, 14],
  ])('names every field of a %s request', (name, start, pattern, count) => {
    const schema = read(`lib/validation/${name}-request.ts`);
    const body = schema.slice(schema.indexOf(start));
    const fields = [...body.matchAll(pattern)].map(([, field]) => field);
    const section = readme.slice(readme.indexOf(`### POST /${name}`));

    expect(fields.length).toBe(count);
    for (const field of fields) expect(section).toContain(`| \`${field}\` |`);
  });

  it('tells the truth of what its example of a policy grants and denies', async () => {
    const section = sectionOf('## Who may ask for what', '## Configuration');
    const { policy } = await readExample(section);
    const partner = { scopes: new Set(['upload:sign']), claims: { plan: 'partner' } };
    const profile = selectProfile(policy, partner);
    const ask = (request: object) => boundSignature(profile, request);

    expect(ask({})).toEqual({
      ...{ expiresIn: 900, classId: 7, storageRegion: 'ap-seoul' },
      limits: { mediaTypes: ['mp4', 'mov'] },
    });
    const [, request = ''] = /One that sends `(\{.+?\})`/.exec(section) ?? [];
    const { classId, expiresIn } = JSON.parse(request);
    const told = JSON.parse(/^```json\n(.*?)^```$/ms.exec(section)?.[1] ?? '');
    expect(explain(() => ask({ classId, expiresIn }), told.requestId)).toEqual(told);
  });

  it('names every field of a profile and of every quota', () => {
    const section = sectionOf('## Who may ask for what', '## Configuration');
    const source = read('lib/policy/profile.ts');
    const names = [...source.matchAll(/^ {2}(\w+): v\.optional/gm)].map(([, name = '']) => name);
    const limits = [...read('lib/validation/fields.ts').matchAll(/^ {2}(\w+): v\.optional/gm)];

    expect(names.length).toBeGreaterThan(8);
    expect(limits.length).toBe(3);
    for (const name of [...names, ...limits.map(([, limit = '']) => limit)]) {
      expect(section).toMatch(new RegExp(`^\\| [^|]*\`${name}\\b`, 'm'));
    }
  });

  it('names every script', () => {
    const { scripts } = JSON.parse(read('package.json'));
    for (const name of Object.keys(scripts)) {
      expect(readme).toMatch(new RegExp(`npm (?:run )?${name}\\b`));
    }
  });
});

/** Returns the settings of a section's example, with a digest in the place of the one that is cut short. */
async function readExample(section: string) {
  const [, example = ''] = /^```yaml\n(.*?)^```$/ms.exec(section) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'readme-'));
  const head = 'service: example\nconfigValidationMode: off\nprovider: { name: tencent }\n';
  const text = example.replace(/(?<=sha256: )\w+…/, hash('sha256', 'made-up API key'));
  await writeFile(join(folder, 'serverless.yml'), `${head}${text}`);
  const settings = readSettings(await readServiceCustom(folder));
  await removeScratch(folder);
  return settingsOf(JSON.parse(settings));
}

function explain(attempt: () => unknown, requestId: string) {
  try {
    return attempt();
  } catch (error) {
    return describeProblem(error, requestId);
  }
}

describe('FAULTS', () => {
  it('explains each fault in a sentence', () => {
    for (const text of Object.values(FAULTS)) expect(text).toMatch(/^[A-Z].{10,}/);
  });
});
