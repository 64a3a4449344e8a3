// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this file is about such texts.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { readVariables } from '../../../tools/cli/read-environment.ts';
import { makeFolder } from '../../support/make-folder.ts';

// Each starts Serverless once or twice.
vi.setConfig({ testTimeout: 90_000 });

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const LINKED = ['package.json', 'node_modules', 'functions', 'lib', 'tools'];
const QUIET = '--env-file=tools/deploy/serverless.env';
const SERVERLESS = 'node_modules/serverless/bin/serverless.js';

type Variables = Readonly<Record<string, string>>;

let folder: string;

beforeEach(async () => {
  folder = await makeFolder();
  await copyFile(join(ROOT, 'serverless.yml'), join(folder, 'serverless.yml'));
  for (const name of LINKED) await symlink(join(ROOT, name), join(folder, name));
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], environment: Variables = {}): Promise<Ended> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...args], { cwd: folder, env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** Returns all variables of a deployment, and the region. */
async function readDeployed(args: readonly string[], environment: Variables): Promise<Variables> {
  const print = [QUIET, SERVERLESS, 'print', '--format', 'json', ...args];
  const { stdout, stderr } = await run(print, environment);
  expect(stderr).toBe('');
  const { functions, provider } = JSON.parse(stdout);
  const specs: { environment: { variables: Variables } }[] = Object.values(functions);
  const all = Object.assign({}, ...specs.map((spec) => spec.environment.variables));
  return { ...all, TENCENT_REGION: provider.region };
}

/** Writes files, expects a deployment and the commands to read the same from them, and returns the variables. */
async function expectOneReading(
  files: Variables,
  { stage, environment = {} }: { stage?: string; environment?: Variables } = {},
): Promise<Variables> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const deployed = await readDeployed(stage === undefined ? [] : ['--stage', stage], environment);
  const said = await readVariables(undefined, { environment, folder, stage });
  const names = new Set([...Object.keys(deployed), ...Object.keys(said)]);
  names.delete('TENCENT_REGION');
  for (const name of names) expect(deployed[name] ?? '', name).toBe(said[name] ?? '');
  return deployed;
}

describe('a deployment and the commands', () => {
  it('read the same values, including those that other readers would expand, shorten or trim', async () => {
    const file = [
      '\uFEFFexport VOD_SUB_APP_ID = 1500000001 # of the team',
      'DATABASE_URL=postgres://vod:Pa$word9$@db.example.com:5432/vod?options=-c%20a%3Db',
      "VOD_SECRET_ID='a${b}$VOD_SUB_APP_ID'",
      'VOD_SECRET_KEY="a#b\\$c $PATHS"',
      'VOD_PREVIOUS_SECRET_KEY=`it\'s "quoted"`',
      'AUTH_JWT_SECRET="first\nsecond\\nthird',
      '"',
      'CALLBACK_SIGN_KEYS=one\r\nCALLBACK_SIGN_KEYS=two',
      `WEBHOOK_ENDPOINTS=[{ "url": "https://hooks.example.com/$1", "secret": "whsec_+/=" }]`,
      'TENCENT_REGION=',
    ].join('\n');

    expect(await expectOneReading({ '.env': file })).toMatchObject({
      VOD_SUB_APP_ID: '1500000001',
      DATABASE_URL: 'postgres://vod:Pa$word9$@db.example.com:5432/vod?options=-c%20a%3Db',
      VOD_SECRET_ID: 'a${b}$VOD_SUB_APP_ID',
      VOD_SECRET_KEY: 'a#b$c $PATHS',
      VOD_PREVIOUS_SECRET_KEY: 'it\'s "quoted"',
      AUTH_JWT_SECRET: 'first\nsecond\nthird\n',
      CALLBACK_SIGN_KEYS: 'two',
      WEBHOOK_ENDPOINTS: '[{ "url": "https://hooks.example.com/$1", "secret": "whsec_+/=" }]',
      TENCENT_REGION: 'ap-singapore',
    });
  });

  it('read the file of the stage instead of .env, and prefer the environment', async () => {
    const files = {
      '.env': 'VOD_SECRET_ID=of-env\nVOD_SECRET_KEY=of-env',
      '.env.dev': 'VOD_SECRET_ID=of-dev\nAUTH=of-dev\nCORS_ORIGINS=of-dev\nPULL_HOSTS=',
    };
    const environment = { AUTH: 'of-the-process $HOME', CORS_ORIGINS: '', PULL_HOSTS: 'of-me' };

    expect(await expectOneReading(files, { environment })).toMatchObject({
      ...{ VOD_SECRET_ID: 'of-dev', VOD_SECRET_KEY: '', AUTH: 'of-the-process $HOME' },
      ...{ CORS_ORIGINS: '', PULL_HOSTS: 'of-me' },
    });
    expect(await expectOneReading(files, { stage: 'prod' })).toMatchObject({
      ...{ VOD_SECRET_ID: 'of-env', VOD_SECRET_KEY: 'of-env', AUTH: '' },
    });
  });

  it('refuse the same variables, with name and file, without a value and without a stack', async () => {
    await writeFile(
      join(folder, '.env.prod'),
      'AUTH=keys\nDATABASE_URL=postgres://vod:Pa#word@db/vod\nVOD_SECRET_KEY="${PASSWORD}"\n',
    );
    const heading = '.env.prod must be corrected:';

    const deploying = await run([QUIET, SERVERLESS, 'deploy', '--stage', 'prod']);
    const migrating = await run([
      ...['node_modules/tsx/dist/cli.mjs', 'tools/migrate.ts', '--stage', 'prod'],
    ]);
    const reading = readVariables(undefined, { environment: {}, folder, stage: 'prod' });

    const message: string = await reading.then(String, (error: Error) => error.message);
    expect(deploying).toEqual({ code: 1, stdout: '', stderr: `${message}\n` });
    expect(migrating).toEqual({ code: 1, stdout: '', stderr: `${message}\n` });
    expect(message.split('\n')).toEqual([
      heading,
      expect.stringMatching(/^ {2}- DATABASE_URL \(line 2\) has a #/),
      expect.stringMatching(/^ {2}- VOD_SECRET_KEY \(line 3\) refers to another variable/),
    ]);
    expect(message).not.toMatch(/Pa#|word|PASSWORD/);
  });

  it('refuse a file with another encoding, and a path that is not a file', async () => {
    const read = () => readVariables(undefined, { environment: {}, folder });

    await writeFile(join(folder, '.env'), Buffer.from('\uFEFFA=1', 'utf16le'));
    await expect(read()).rejects.toThrow('.env is not UTF-8: save it as UTF-8.');
    await rm(join(folder, '.env'));
    await mkdir(join(folder, '.env'));
    await expect(read()).rejects.toThrow('.env cannot be read (EISDIR)');
  });
});
