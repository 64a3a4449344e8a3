import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { ALL_IS_READ } from '../../../tools/deploy/load-variables.ts';

// Each starts Serverless, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SERVERLESS = [
  ...[process.execPath, '--env-file=tools/deploy/serverless.env'],
  'node_modules/serverless/bin/serverless.js',
];
/** Runs a command on a separate terminal: https://docs.python.org/3/library/pty.html. */
const ON_TERMINAL = [
  ...['python3', '-c', 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)'],
];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run([program = '', ...args]: readonly string[]): Promise<Ended> {
  // The developer's own file .env is not read.
  const env = { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), [ALL_IS_READ]: 'yes' };
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: ROOT, env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

const NO_KEY =
  'Credentials are missing: set TENCENT_SECRET_ID and TENCENT_SECRET_KEY, and TENCENT_TOKEN for temporary ones, in the environment or in .env; .env.example has all variables.\n';

describe('with nothing set', () => {
  it.each(['info', 'remove', 'deploy list'])(
    '%s names the missing key, and nothing else',
    async (command) => {
      expect(await run([...SERVERLESS, ...command.split(' ')])).toEqual({
        ...{ code: 1, stdout: '', stderr: NO_KEY },
      });
    },
  );

  it.each(['deploy', 'rollback'])('%s names each missing variable once', async (command) => {
    const { code, stdout, stderr } = await run([...SERVERLESS, command]);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.slice(0, NO_KEY.length)).toBe(NO_KEY);
    expect(stderr.slice(NO_KEY.length).trimEnd().split('\n')).toEqual([
      'The functions would not serve with these values:',
      expect.stringMatching(/^ {2}- signature, pull, uploads: AUTH_JWT_SECRET must be set, or /),
      '  - signature: VOD_SECRET_ID must be set',
      '  - signature: VOD_SECRET_KEY must be set',
      expect.stringMatching(/^ {2}- pull, callback, uploads: has no role: set VOD_ROLE to /),
      expect.stringMatching(/^ {2}- pull, callback: SOURCE_CONTEXT_KEYS must be set, /),
      '  - callback: CALLBACK_SIGN_KEYS must be set',
    ]);
  });

  it('info prints the same on a terminal', async () => {
    const { code, stdout } = await run([...ON_TERMINAL, ...SERVERLESS, 'info']);

    expect({ code, stdout: stdout.replaceAll('\r', '') }).toEqual({ code: 1, stdout: NO_KEY });
  });
});
