import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../support/make-folder.ts';
import { runCommand } from './cli-stage.ts';

/** Variables that npm sets for what it runs: https://docs.npmjs.com/cli/v11/using-npm/scripts#environment. */
const STARTS = [
  ['npx vod-upload', { npm_command: 'exec' }],
  ['npm run vod-upload', { npm_command: 'run-script' }],
] as const;

describe.each(STARTS)('started by %s, the program', (_name, variables) => {
  it('writes its commands so that they can be typed', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'a.txt'), 'text');

    const help = await runCommand(['--help'], variables);
    const helpOfPut = await runCommand(['put', '--help'], variables);
    const wrong = await runCommand(['doctor', '--stge', 'prod'], variables);
    const doctor = await runCommand(['doctor', '--json'], { ...variables, ...ACCOUNT }, { folder });

    expect(help.out).toContain('Usage: npx vod-upload <command>');
    expect(help.out).toContain('\n"npx vod-upload <command> --help" describes');
    expect(helpOfPut.out).toMatch(/^vod-upload put uploads files/);
    expect(helpOfPut.out).toContain('Usage: npx vod-upload put <file or folder>…');
    expect(helpOfPut.out).toContain('\n       npx vod-upload put - --name');
    expect(helpOfPut.out).toContain('| npx vod-upload put - --name out.ts');
    expect(helpOfPut.out).toContain('\n  npx vod-upload put --direct live/master.m3u8');
    expect(wrong.error).toMatch(/^vod-upload doctor: .*See "npx vod-upload doctor --help"\.\n$/);
    expect(doctor.out).toContain('run \\"npx vod-upload setup --send-sign-key\\"');
  });
});

describe('the help of each command', () => {
  it('names the same defaults however the program was started', async () => {
    const { out: help } = await runCommand(['--help'], {});
    const commands = [...help.matchAll(/^ {2}(\w+) /gm)].flatMap(([, name]) => name ?? []);
    const listDefaults = async (variables: Record<string, string>) => {
      const helps = await Promise.all(
        commands.map((name) => runCommand([name, '--help'], variables)),
      );
      return helps.flatMap(({ out }) => out.split('\n')).filter((line) => / by default/.test(line));
    };

    const defaults = await listDefaults({});

    expect(commands).toContain('put');
    expect(defaults.join()).toMatch(/\.vod-upload by default.*vod-upload by default/);
    expect(await listDefaults({ npm_command: 'exec' })).toEqual(defaults);
  });
});

/** So that doctor has something to say about a key that is too short. */
const ACCOUNT = { CALLBACK_SIGN_KEYS: 'short' };

describe('started otherwise, the program', () => {
  it('writes its commands without npx', async () => {
    const help = await runCommand(['--help'], {});
    const wrong = await runCommand(['doctor', '--stge', 'prod'], {});

    expect(help.out).toContain('Usage: vod-upload <command>');
    expect(wrong.error).toContain('See "vod-upload doctor --help".');
  });
});
