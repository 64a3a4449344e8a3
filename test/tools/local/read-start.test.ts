import { describe, expect, it } from 'vitest';
import { readStart, START_HELP } from '../../../tools/local/read-start.ts';

const DEFAULTS = {
  ...{ dir: '.local', port: 3_000, fresh: false, trigger: 'url', eventMode: 'PUSH' },
  names: { unknownNames: 'refuse', procedures: [], classIds: [] },
  databaseUrl: undefined,
};

describe('readStart()', () => {
  it('starts as docs/local-stack.md says without any options', () => {
    expect(readStart([], {})).toEqual(DEFAULTS);
  });

  it('reads each flag and variable', () => {
    const environment = {
      ...{ PORT: '4000', LOCAL_DIR: '/srv/state', HTTP_TRIGGER: 'apigw', VOD_EVENT_MODE: 'PULL' },
      ...{ VOD_PROCEDURES: 'A, B,', VOD_CLASS_IDS: ' 7,8', VOD_UNKNOWN_NAMES: 'accept' },
      DATABASE_URL: 'postgres://localhost/a',
    };

    expect(readStart(['--fresh'], environment)).toEqual({
      ...{ dir: '/srv/state', port: 4_000, fresh: true, trigger: 'apigw', eventMode: 'PULL' },
      names: { unknownNames: 'accept', procedures: ['A', 'B'], classIds: [7, 8] },
      databaseUrl: 'postgres://localhost/a',
    });
  });

  it('treats an empty variable as not set', () => {
    const names = [
      ...['PORT', 'LOCAL_DIR', 'HTTP_TRIGGER', 'VOD_EVENT_MODE', 'DATABASE_URL'],
      ...['VOD_PROCEDURES', 'VOD_CLASS_IDS', 'VOD_UNKNOWN_NAMES'],
    ];

    expect(readStart([], Object.fromEntries(names.map((name) => [name, ''])))).toEqual(DEFAULTS);
  });

  it.each(['--help', '-h'])('prints its help with %s, whatever else is wrong', (flag) => {
    expect(readStart([flag], { PORT: 'abc' })).toBe('help');
  });

  it.each(['0', '1', '65535'])('accepts PORT=%s', (PORT) => {
    expect(readStart([], { PORT })).toMatchObject({ port: Number(PORT) });
  });

  it.each(['abc', '70000', '65536', '-1', '3000.5', '3e3', '0x10', ' ', '3000 '])(
    'refuses PORT=%s',
    (PORT) => {
      expect(() => readStart([], { PORT })).toThrow(
        `PORT must be a number from 0 to 65535, and is "${PORT}".`,
      );
    },
  );

  it.each([
    ['HTTP_TRIGGER', 'APIGW', 'url or apigw'],
    ['HTTP_TRIGGER', 'http', 'url or apigw'],
    ['VOD_EVENT_MODE', 'pull', 'PUSH or PULL'],
    ['VOD_UNKNOWN_NAMES', 'allow', 'refuse or accept'],
    ['VOD_CLASS_IDS', '7;8', 'a comma-separated list of numbers, such as 7,8'],
    ['VOD_CLASS_IDS', '-7', 'a comma-separated list of numbers, such as 7,8'],
    ['VOD_CLASS_IDS', '7.5', 'a comma-separated list of numbers, such as 7,8'],
  ])('refuses %s=%s', (name, value, choices) => {
    expect(() => readStart([], { [name]: value })).toThrow(
      `${name} must be ${choices}, and is "${value}".`,
    );
  });

  it.each(['--frehs', '--fresh=true', '--no-fresh', '-f', 'fresh', '--port', '--'])(
    'refuses the argument %s',
    (argument) => {
      const act = () => readStart([argument, 'fresh'], {});

      expect(act).toThrow('"npm start -- --help"');
      if (argument !== '--') expect(act).toThrow(`There is no option "${argument.split('=')[0]}"`);
    },
  );

  it('names all problems together', () => {
    expect(() => readStart(['--frehs'], { PORT: 'abc', HTTP_TRIGGER: 'http' })).toThrow(
      /^There is no option.*\nPORT must.*\nHTTP_TRIGGER must[^\n]*$/,
    );
  });
});

describe('START_HELP', () => {
  it('describes each flag and variable', () => {
    for (const name of [
      ...['--fresh', 'PORT', 'LOCAL_DIR', 'DATABASE_URL', 'HTTP_TRIGGER'],
      ...['VOD_PROCEDURES', 'VOD_CLASS_IDS', 'VOD_UNKNOWN_NAMES'],
    ]) {
      expect(START_HELP).toContain(name);
    }
    expect(START_HELP).toContain('VOD_EVENT_MODE');
  });
});
