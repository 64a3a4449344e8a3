import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { explainStart } from '../../../tools/local/explain-start.ts';
import { listen } from '../../support/listen.ts';
import { makeFolder } from '../../support/make-folder.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await makeFolder();
});

interface Ending {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a start that ends without being stopped, as `npm start` does. */
function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ending> {
  const env = { ...process.env, LOCAL_DIR: join(folder, 'state'), PORT: '0', ...environment };
  const program = ['--import', 'tsx', 'tools/local/start.ts', ...args];
  return new Promise((ended) => {
    const child = execFile(process.execPath, program, { cwd: ROOT, env }, (_error, out, err) =>
      ended({ code: child.exitCode, out, err }),
    );
  });
}

describe('npm start', () => {
  it('prints its help, and starts nothing', async () => {
    const { code, out, err } = await run(['--help']);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Usage: npm start');
  });

  it('refuses unknown arguments, without a stack', async () => {
    expect(await run(['--frehs'], { PORT: 'abc' })).toEqual({
      code: 1,
      out: '',
      err: [
        'There is no option "--frehs": see "npm start -- --help".',
        'PORT must be a number from 0 to 65535, and is "abc".',
        '',
      ].join('\n'),
    });
  });

  it('reports that its folder cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const dir = join(folder, 'file', 'state');

    const { code, err } = await run([], { LOCAL_DIR: dir });

    expect(code).toBe(1);
    expect(err).toMatch(/^The folder .*\/file\/state cannot be written: .* LOCAL_DIR, .*\.\n$/);
  });

  it('reports what is wrong with a given database', async () => {
    const { code, err } = await run([], { DATABASE_URL: 'nonsense' });

    expect(code).toBe(1);
    expect(err).toMatch(/^The database.* DATABASE_URL .*\n$/);
  });
});

describe('explainStart()', () => {
  const failure = (code: string) =>
    Object.assign(new Error(`listen ${code}`), { code, syscall: 'listen' });

  it('recognises a port that is taken, and suggests a free one', async () => {
    const { port, close } = await listen(createServer());
    const [error] = await once(createServer().listen(port, '127.0.0.1'), 'error');
    await close();

    expect(explainStart(error, 3_000)).toBe(
      'Port 3000 is taken: stop what listens there, or choose another with PORT=3001 npm start.',
    );
    expect(explainStart(error, 65_535)).toContain('PORT=65534 npm start');
  });

  it('recognises a port that needs privileges', () => {
    expect(explainStart(failure('EACCES'), 80)).toBe(
      'Port 80 needs privileges that this user does not have: choose another with PORT=3000 npm start.',
    );
  });

  it('shows the stack only for a fault in the code', () => {
    expect(explainStart(new Error('In a sentence.'), 0)).toBe('In a sentence.');
    expect(explainStart(new TypeError('x is not a function'), 0)).toContain('start.test.ts');
  });
});
