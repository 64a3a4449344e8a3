import { type ExecFileException, execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLOUD_ACCOUNT, type CloudKey } from './account.ts';
import type { Cloud } from './cloud.ts';

/** The result of a command. */
export interface CommandResult {
  readonly code: number;
  /** Both of its outputs. */
  readonly output: string;
}

/** A copy of this project that a test may change. */
export interface Project {
  readonly folder: string;
  /** Runs `serverless`, as the scripts of package.json do. */
  readonly serverless: (
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ) => Promise<CommandResult>;
  /** Runs a script of package.json. */
  readonly npm: (script: string) => Promise<CommandResult>;
  /** Changes a file until `restore`. @throws RangeError if `from` is not in it. */
  readonly edit: (file: string, from: string | RegExp, to: string) => Promise<void>;
  /** Adds a file until `restore`. */
  readonly add: (file: string, text: string) => Promise<void>;
  readonly restore: () => Promise<void>;
  readonly remove: () => Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const COPIED = ['functions', 'lib', 'tools/deploy', 'package.json', 'tsconfig.json'];

/** Returns the variables with the deployer's credentials. */
export function credentialsOf({ secretId, secretKey, token }: CloudKey): Record<string, string> {
  return {
    TENCENT_SECRET_ID: secretId,
    TENCENT_SECRET_KEY: secretKey,
    ...(token === undefined ? {} : { TENCENT_TOKEN: token }),
  };
}

/**
 * Copies the project.
 *
 * @param environment variables of every command, in addition to those that redirect it to `cloud`.
 */
export async function copyProject(
  cloud: Cloud,
  environment: Readonly<Record<string, string>>,
): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'project-'));
  for (const name of [...COPIED, 'serverless.yml']) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  /** The former content of changed files; undefined for files that did not exist. */
  const changed = new Map<string, string | undefined>();
  const run = (program: string, args: readonly string[], more: Record<string, string> = {}) =>
    runCommand(program, args, folder, { ...cloud.environment, ...environment, ...more });
  return {
    folder,
    serverless: (args, more) =>
      run(process.execPath, [...SERVERLESS, ...args], {
        ...credentialsOf(CLOUD_ACCOUNT.key),
        ...more,
      }),
    // Otherwise npm would look for a newer version of itself.
    npm: (script) => run('npm', ['run', script], { npm_config_update_notifier: 'false' }),
    edit: async (file, from, to) => {
      const text = await readFile(join(folder, file), 'utf8');
      const edited = text.replace(from, to);
      if (edited === text) throw new RangeError(`${file} does not have ${from}`);
      if (!changed.has(file)) changed.set(file, text);
      await writeFile(join(folder, file), edited);
    },
    add: async (file, text) => {
      changed.set(file, undefined);
      await writeFile(join(folder, file), text);
    },
    restore: async () => {
      for (const [file, text] of changed) {
        if (text === undefined) await rm(join(folder, file));
        else await writeFile(join(folder, file), text);
      }
      changed.clear();
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

const SERVERLESS = [
  '--env-file=tools/deploy/serverless.env',
  'node_modules/serverless/bin/serverless.js',
];

function runCommand(
  program: string,
  args: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  // Nothing of this machine's settings: the new home folder has no credentials and no telemetry settings.
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment };
  return new Promise((resolve, reject) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    };
    const child = execFile(program, [...args], { cwd: folder, env, timeout: 120_000 }, done);
    // A program that asks a question gets no answer.
    child.stdin?.end();
  });
}
