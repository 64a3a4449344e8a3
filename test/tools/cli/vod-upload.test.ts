import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { finding, skipped, unable } from '../../../tools/cli/doctor/note.ts';
import { exitCode, writeReport } from '../../../tools/cli/doctor/report.ts';
import { runCommand } from './cli-stage.ts';

const PACKAGE = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
const BIN = fileURLToPath(new URL(`../../../${PACKAGE.bin['vod-upload']}`, import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as a shell does, from an unrelated folder. */
function runProgram(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return new Promise<Ended>((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', ...environment };
    const child = execFile(BIN, args, { env, cwd: tmpdir() }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

describe('the program', () => {
  it('runs from any folder without a build, and describes its commands', async () => {
    const { code, stdout, stderr } = await runProgram(['--help']);

    expect(stderr).toBe('');
    expect(stdout).toContain('Usage: vod-upload <command> [options]');
    expect(stdout).toMatch(/ setup {4}\S/);
    expect(stdout).toMatch(/ doctor {3}\S/);
    expect(code).toBe(0);
  });

  it('fails with a sentence, without a stack, and without colours if there is no terminal', async () => {
    const { code, stdout, stderr } = await runProgram(['setup', '--mode', 'pull']);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^vod-upload setup: Credentials are missing: [^\n]+\n$/);
  });

  it('checks what is possible with an empty environment', async () => {
    const { code, stdout, stderr } = await runProgram(['doctor']);

    expect({ code, stderr }).toEqual({ code: 1, stderr: 'reading the settings …\n' });
    expect(stdout).toContain('wrong    credentials: Credentials are missing');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toMatch(/^ {4}at /m);
  });

  it('prints no progress with JSON output', async () => {
    const { code, stdout, stderr } = await runProgram(['doctor', '--json']);

    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ ok: false });
  });
});

describe('runCli()', () => {
  it.each([['--help'], ['-h'], ['help']])('describes the commands with %s', async (argument) => {
    expect(await runCommand([argument], {})).toMatchObject({
      ...{ exitCode: 0, error: '' },
      out: expect.stringContaining('Commands:'),
    });
  });

  it.each([['--version'], ['-v']])('prints its version with %s', async (argument) => {
    expect(await runCommand([argument], {})).toEqual({
      ...{ exitCode: 0, out: `${PACKAGE.version}\n`, error: '' },
    });
  });

  it.each([
    [['docter'], 'There is no command "docter". Did you mean "doctor"?\n\nvod-upload connects'],
    [['Setup'], 'There is no command "Setup". Did you mean "setup"?'],
    [['--verison'], 'There is no command "--verison". Did you mean "--version"?'],
    [
      ['doctor', '--stge', 'prod'],
      'vod-upload doctor: There is no option --stge. Did you mean "--stage"? See "vod-upload doctor --help".\n',
    ],
    [
      ['setup', '--callback'],
      'vod-upload setup: There is no option --callback. Did you mean "--callback-url"?',
    ],
    [
      ['doctor', '--xyz'],
      'vod-upload doctor: There is no option --xyz. See "vod-upload doctor --help".\n',
    ],
    [
      ['doctor', '--stage', '--json'],
      'vod-upload doctor: --stage must be followed by a value; write one that begins with a dash as --stage=-1. See',
    ],
    [
      ['setup', '--mode'],
      'vod-upload setup: --mode must be followed by a value. See "vod-upload setup --help".\n',
    ],
    [['put', 'a.mp4', '-r=1'], 'vod-upload put: There is no option -=. See'],
    [
      ['put', 'a.mp4', '--recursive=1'],
      'vod-upload put: --recursive takes no value: write it alone.',
    ],
    [['setup', 'yes'], 'vod-upload setup: "yes" is no option. Did you mean "--yes"? See'],
    [['doctor', '--', '--json'], 'vod-upload doctor: "--json" is no option. Did you mean'],
    [['uploads', 'list', '--limit', '-5'], 'vod-upload uploads: --limit must be followed by'],
  ])('suggests for %j what was meant', async (args, start) => {
    const { exitCode, out, error } = await runCommand(args, {});

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(error.slice(0, start.length)).toBe(start);
  });

  it.each([
    [[], 'vod-upload connects'],
    [['send'], 'There is no command "send".'],
    [['--verbose'], 'There is no command "--verbose".'],
  ])('refuses %j', async (args, start) => {
    const { exitCode, out, error } = await runCommand(args, {});

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(error.startsWith(start)).toBe(true);
  });

  it('has help on every command, in the same parts', async () => {
    const { out: overview } = await runCommand(['--help'], {});
    const names = [...overview.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, name = '']) => name);

    expect(names).toContain('runs');
    for (const name of names) {
      const { exitCode, out } = await runCommand([name, '--help'], {});
      const parts = [...out.matchAll(/^(Usage|Options|Variables|Exit codes|Examples)\b.*:/gm)];
      const [first = '', empty, ...lines] = out.split('\n');

      expect([exitCode, first, empty]).toEqual([
        ...[0, expect.stringMatching(new RegExp(`^vod-upload ${name} .*[.]$`)), ''],
      ]);
      expect([name, [...new Set(parts.map(([, part]) => part))]]).toEqual([
        ...[name, ['Usage', 'Options', 'Variables', 'Exit codes', 'Examples']],
      ]);
      expect(lines.filter((line) => line.length > 120)).toEqual([]);
    }
  });

  it('has help on every option of put', async () => {
    const { out } = await runCommand(['put', '--help'], {});
    const source = readFileSync(
      new URL('../../../tools/cli/put/put-options.ts', import.meta.url),
      'utf8',
    );
    const options = [...source.matchAll(/^ {2}'?([\w-]+)'?: \{ type: '/gm)].map(([, name]) => name);

    expect(options.length).toBeGreaterThan(30);
    for (const option of options) expect(out).toContain(`--${option}`);
  });

  const commands = ['setup', 'doctor', 'listen', 'trigger', 'replay', 'uploads', 'dead'];

  it.each(commands)('has help on every option of %s', async (name) => {
    const { out } = await runCommand([name, '--help'], {});
    const source = readFileSync(
      new URL(`../../../tools/cli/${name}/${name}-command.ts`, import.meta.url),
      'utf8',
    );
    const options = [...source.matchAll(/^ {2}'?([\w-]+)'?: \{ type: '/gm)].map(([, key]) => key);

    expect(options.length).toBeGreaterThan(1);
    const found = source.includes('_OPTIONS,') ? ['region', 'service', 'stage'] : [];
    for (const option of [...options, ...found]) {
      expect(out).toContain(`--${option}`);
    }
  });
});

describe('the report', () => {
  const bad = finding('regions', 'There is none.', 'Open one.');
  const unsure = unable('clock', 'Nobody knows.');
  const left = skipped('database', 'There is none.');

  it('colours findings if it may', () => {
    expect(writeReport([bad, unsure, left], true)).toBe(
      `\u001b[31mwrong\u001b[0m    regions: There is none.\n         Open one.\n\u001b[33munclear\u001b[0m  clock: Nobody knows.\nskipped  database: There is none.\nOne thing is wrong.\n`,
    );
    expect(writeReport([bad, unsure], false)).not.toContain('\u001b');
  });

  it.each([
    [[], 0],
    [[left], 0],
    [[left, unsure], 2],
    [[left, unsure, bad], 1],
  ])('has for %j the exit code %i', (notes, code) => {
    expect(exitCode(notes)).toBe(code);
  });
});
