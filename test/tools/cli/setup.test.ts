import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VodServer } from '../../support/vod-server.ts';
import {
  makeSecret,
  openVodFront,
  runCommand,
  type ScfFunction,
  startScf,
  type Variables,
  type VodFront,
} from './cli-stage.ts';

const OURS = 'https://1500000001-ours.ap-singapore.tencentscf.com/callback';
const SIGN_KEY = makeSecret(16, 'hex');

let vod: VodFront;
let environment: Variables;

let scf: VodServer;
let deployed: ScfFunction | undefined;

beforeEach(async () => {
  vod = await openVodFront();
  deployed = undefined;
  scf = await startScf(() => deployed);
  const { account } = vod.stage;
  environment = {
    TENCENTCLOUD_SECRET_ID: account.secretId,
    TENCENTCLOUD_SECRET_KEY: account.secretKey,
    VOD_API_ENDPOINT: vod.endpoint,
    VOD_API_PROTOCOL: 'http',
    VOD_SUB_APP_ID: String(account.subAppId),
    CALLBACK_SIGN_KEYS: `${SIGN_KEY},older0key`,
    // Nothing is deployed.
    SCF_API_ENDPOINT: scf.endpoint,
    SCF_API_PROTOCOL: 'http',
  };
  // A new application: the stand-in's own callback address would be somebody else's.
  await vod.stage.client.ModifyEventConfig({
    Mode: 'PUSH',
    NotificationUrl: '',
    UploadMediaCompleteEventSwitch: 'OFF',
    DeleteMediaCompleteEventSwitch: 'OFF',
    PersistenceCompleteEventSwitch: 'OFF',
  });
  vod.actions.length = 0;
});

afterEach(async () => {
  await Promise.all([vod.close(), scf.close()]);
});

const setup = (args: readonly string[], typed?: string) =>
  runCommand(['setup', ...args], environment, typed === undefined ? {} : { typed });

const readSettings = () => vod.stage.client.DescribeEventConfig({});

describe('vod-upload setup', () => {
  it('shows what changes, asks, and has VOD report to the callback function', async () => {
    const { exitCode, out, error } = await setup(['--callback-url', OURS], 'y');

    expect(error).toBe('');
    expect(out).toBe(`In the event notification of application ${vod.stage.account.subAppId}:
  callback address    none -> ${OURS}
  upload events       OFF -> ON
  delete events       OFF -> ON
  persistence events  OFF -> ON
  SignKey             becomes the first key of CALLBACK_SIGN_KEYS; VOD does not tell what it is now
Done. "vod-upload doctor" checks that everything fits together.
`);
    expect(exitCode).toBe(0);
    expect(await readSettings()).toMatchObject({
      Mode: 'PUSH',
      NotificationUrl: OURS,
      UploadMediaCompleteEventSwitch: 'ON',
      DeleteMediaCompleteEventSwitch: 'ON',
      PersistenceCompleteEventSwitch: 'ON',
    });
  });

  it('sends the first key, and never shows it', async () => {
    const { out, error } = await setup(['--callback-url', vod.stage.receiver.url, '--yes']);

    expect(out + error).not.toContain(SIGN_KEY);
    const state = await stateOfStandIn();
    expect(state).toContain(`"signKey":"${SIGN_KEY}"`);
  });

  it.each(['n', '', 'yes please', 'Y E S'])(
    'changes nothing where the answer is "%s"',
    async (typed) => {
      const { exitCode, error } = await setup(['--callback-url', OURS], typed);

      expect(exitCode).toBe(1);
      expect(error).toBe('Nothing was changed.\n');
      expect(vod.actions).toEqual(['DescribeEventConfig']);
    },
  );

  it('refuses to go on without a terminal and without --yes', async () => {
    const { exitCode, out, error } = await setup(['--callback-url', OURS]);

    expect(exitCode).toBe(1);
    expect(out).toContain('callback address');
    expect(error).toBe(
      'vod-upload setup: there is no terminal to ask on. Nothing was changed; say --yes to change it.\n',
    );
    expect(vod.actions).toEqual(['DescribeEventConfig']);
  });

  it('says so where nothing is to change, and sends the key again where it is asked to', async () => {
    await setup(['--callback-url', OURS, '--yes']);
    vod.actions.length = 0;

    const second = await setup(['--callback-url', OURS, '--yes']);
    const third = await setup(['--callback-url', OURS, '--yes', '--send-sign-key']);

    expect(second).toEqual({
      exitCode: 0,
      out: `Nothing to change: application ${vod.stage.account.subAppId} is set up as asked. VOD does not tell its SignKey: --send-sign-key sets it again.\n`,
      error: '',
    });
    expect(third.exitCode).toBe(0);
    expect(vod.actions).toEqual([
      'DescribeEventConfig',
      'DescribeEventConfig',
      'ModifyEventConfig',
    ]);
  });

  it('leaves what it was told to leave off', async () => {
    const args = ['--callback-url', OURS, '--yes', '--persistence-events', 'off'];
    const { out } = await setup(args);

    expect(out).not.toContain('persistence events');
    expect(await readSettings()).toMatchObject({ PersistenceCompleteEventSwitch: 'OFF' });
    expect((await setup(args)).out).toMatch(/^Nothing to change/);
  });
});

describe("somebody else's callback address", () => {
  const theirs = 'https://other.example.com/hook?token=not-for-everybody';

  beforeEach(async () => {
    await vod.stage.client.ModifyEventConfig({ NotificationUrl: theirs });
    vod.actions.length = 0;
  });

  it.each([
    ['is not replaced', ['--callback-url', OURS]],
    ['does not go silent by another mode', ['--mode', 'pull']],
  ])('%s without --force, whatever else is said', async (_, args) => {
    const { exitCode, out, error } = await setup([...args, '--yes'], 'y');

    expect(exitCode).toBe(1);
    expect(error).toContain(
      'reports to https://other.example.com/hook?…, which is not the address',
    );
    expect(error).toContain('--force');
    expect(out + error).not.toContain('not-for-everybody');
    expect(vod.actions).toEqual(['DescribeEventConfig']);
  });

  it('is replaced with --force, which still asks', async () => {
    expect((await setup(['--callback-url', OURS, '--force'], 'n')).exitCode).toBe(1);
    expect((await setup(['--callback-url', OURS, '--force'], 'y')).exitCode).toBe(0);
    expect(await readSettings()).toMatchObject({ NotificationUrl: OURS });
  });

  it('is one where only the query differs', async () => {
    await vod.stage.client.ModifyEventConfig({ NotificationUrl: `${OURS}?a=1` });

    const { exitCode, out } = await setup(['--callback-url', `${OURS}?a=2`, '--yes']);

    expect(exitCode).toBe(1);
    expect(out).toContain(`${OURS}?… -> ${OURS}?… (another query)`);
  });
});

describe('the PULL mode', () => {
  it('is set without an address and a key, and leaves the address alone', async () => {
    await setup(['--callback-url', OURS, '--yes']);
    const { CALLBACK_SIGN_KEYS: _, ...withoutKeys } = environment;
    environment = { ...withoutKeys, VOD_EVENT_MODE: 'PULL' };

    const { exitCode, out } = await setup(['--callback-url', OURS, '--yes']);

    expect(exitCode).toBe(0);
    expect(out).toContain('mode                PUSH -> PULL');
    expect(out).not.toContain('SignKey');
    expect(await readSettings()).toMatchObject({ Mode: 'PULL', NotificationUrl: OURS });
    expect((await setup(['--yes'])).out).toBe(
      `Nothing to change: application ${vod.stage.account.subAppId} is set up as asked.\n`,
    );
  });

  it('goes back to PUSH with the address that was there', async () => {
    await setup(['--callback-url', OURS, '--yes']);
    await setup(['--mode', 'pull', '--callback-url', OURS, '--yes']);

    const { out } = await setup(['--callback-url', OURS, '--yes']);

    expect(out).toContain('mode                PULL -> PUSH');
    expect(out).not.toContain('callback address');
  });
});

describe('the address of the callback function', () => {
  it('is looked up in SCF', async () => {
    deployed = {
      runtime: 'Nodejs20.19',
      origin: 'https://1500000001-found.ap-seoul.tencentscf.com',
    };

    const { exitCode } = await setup(['--region', 'ap-seoul', '--stage', 'prod', '--yes']);

    expect(exitCode).toBe(0);
    expect(scf.calls[0]).toMatchObject({
      action: 'GetFunction',
      headers: { 'x-tc-version': '2018-04-16', 'x-tc-region': 'ap-seoul' },
      parameters: { FunctionName: 'vod-upload-prod-callback', Namespace: 'default' },
    });
    expect(await readSettings()).toMatchObject({
      NotificationUrl: 'https://1500000001-found.ap-seoul.tencentscf.com/callback',
    });
  });

  it.each([
    ['is not deployed', undefined],
    ['has no address', { runtime: 'Nodejs20.19' }],
  ])('is missed where it %s', async (lack, answer) => {
    deployed = answer;

    const { exitCode, error } = await setup(['--yes']);

    expect(exitCode).toBe(2);
    expect(error).toContain(`vod-upload-dev-callback ${lack} in ap-singapore`);
  });

  it.each([
    [['--callback-url', 'callback.example.com'], '--callback-url must be a URL'],
    [['--callback-url', 'http://callback.example.com/'], '--callback-url must begin with https://'],
    [['--callback-url', 'https://a:b@example.com/'], '--callback-url must not have a user name'],
    [['--callback-url', 'https://example.com/#a'], '--callback-url must not have a fragment'],
    [['--mode', 'both'], '--mode must be push or pull.'],
    [['--callback-url', OURS, '--upload-events', 'yes'], '--upload-events must be on or off.'],
    [['--nope'], 'Unknown option \'--nope\': see "vod-upload setup --help".'],
    [['--mode'], "Option '--mode <value>' argument missing: see"],
    [['now'], "Unexpected argument 'now'"],
    [['--env-file', '/nowhere/.env'], '--env-file /nowhere/.env cannot be read.'],
  ])('and every other option is checked: %j', async (args, reason) => {
    const { exitCode, out, error } = await setup(args);

    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(error).toContain(`vod-upload setup: ${reason}`);
    expect(error.trim().split('\n')).toHaveLength(1);
    expect(vod.actions).toEqual([]);
  });
});

describe('a wrong environment', () => {
  it.each([
    [{ CALLBACK_SIGN_KEYS: 'not+a+key' }, 'CALLBACK_SIGN_KEYS must be'],
    [{ TENCENTCLOUD_SECRET_ID: '', TENCENTCLOUD_SECRET_KEY: '' }, 'There are no credentials'],
    [{ TENCENTCLOUD_SECRET_KEY: '' }, 'TENCENTCLOUD_SECRET_ID is set and'],
    [{ TENCENTCLOUD_SECRET_KEY: 'another' }, 'AuthFailure.SignatureFailure'],
    [{ VOD_SUB_APP_ID: '1400000001' }, 'InvalidParameterValue.SubAppId'],
    [{ VOD_API_ENDPOINT: '127.0.0.1:1' }, "VOD's API could not be reached"],
  ])('is told in a sentence: %j', async (change, reason) => {
    environment = { ...environment, ...change };

    const { exitCode, error } = await setup(['--callback-url', OURS, '--yes']);

    expect(exitCode).toBe(2);
    expect(error).toContain(reason);
    expect(error.trim().split('\n')).toHaveLength(1);
    expect(error).not.toContain('not+a+key');
  });

  it('does not hinder the key that signs uploads, where there is no other', async () => {
    const { account } = vod.stage;
    environment = {
      ...environment,
      TENCENTCLOUD_SECRET_ID: '',
      TENCENTCLOUD_SECRET_KEY: '',
      VOD_SECRET_ID: account.secretId,
      VOD_SECRET_KEY: account.secretKey,
    };

    expect((await setup(['--callback-url', OURS, '--yes'])).exitCode).toBe(0);
  });

  it('is less with a file of variables, before which go those of the process', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'env-'));
    const file = join(folder, '.env');
    await writeFile(file, `VOD_SUB_APP_ID=1400000001\nVOD_EVENT_MODE="PULL"\n`);

    const { out } = await setup(['--env-file', file, '--yes']);
    const usual = await runCommand(['setup'], environment, { folder });

    expect(out).toContain(`application ${vod.stage.account.subAppId}`);
    expect(out).toContain('PUSH -> PULL');
    expect(usual.out).toMatch(/^Nothing to change/);
    await rm(folder, { recursive: true });
  });
});

function stateOfStandIn(): Promise<string> {
  return readFile(join(vod.stage.dir, 'state.json'), 'utf8');
}
