import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deriveSignKey } from '../../../lib/signing/sign-key.ts';
import { removeScratch } from '../../support/remove-scratch.ts';
import type { VodServer } from '../../support/vod-server.ts';
import type { ApiStage } from '../local/emulator/api/api-stage.ts';
import {
  describeTenants,
  makeSecret,
  openVodFront,
  runCommand,
  type ScfFunction,
  startScf,
  type Variables,
  type VodFront,
  writeService,
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
  await clearSettings(vod.stage);
  vod.actions.length = 0;
});

afterEach(async () => {
  await Promise.all([vod.close(), scf.close()]);
});

/** Has an application as new ones are: the emulator's own callback address would be somebody else's. */
function clearSettings({ client }: ApiStage): Promise<unknown> {
  return client.ModifyEventConfig({
    Mode: 'PUSH',
    NotificationUrl: '',
    UploadMediaCompleteEventSwitch: 'OFF',
    DeleteMediaCompleteEventSwitch: 'OFF',
    PersistenceCompleteEventSwitch: 'OFF',
  });
}

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
    const state = await stateOfEmulator();
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
    [['--callback-url', `${OURS}?subAppId=7`], '--callback-url must not have the query subAppId'],
    [['--mode', 'both'], '--mode must be push or pull.'],
    [['--callback-url', OURS, '--upload-events', 'yes'], '--upload-events must be on or off.'],
    [['--nope'], 'Unknown option \'--nope\': see "vod-upload setup --help".'],
    [['--mode'], "Option '--mode <value>' argument missing: see"],
    [['now'], "Unexpected argument 'now'"],
    [['--env-file', '/nowhere/.env'], 'There is no file /nowhere/.env.'],
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

describe('tenants', () => {
  const [OWN, ACME, GLOBEX] = [1500000001, 1500000002, 1500000003];
  const EVERYTHING = ['--callback-url', OURS, '--yes'];

  let folder: string;
  let acme: ApiStage;
  let globex: ApiStage;

  beforeEach(async () => {
    folder = await writeService(describeTenants({ acme: ACME, globex: GLOBEX }));
    acme = await vod.addApplication(ACME);
    globex = await vod.addApplication(GLOBEX);
    await Promise.all([acme, globex].map(clearSettings));
  });
  afterEach(() => removeScratch(folder));

  const setupHere = (args: readonly string[]) =>
    runCommand(['setup', ...args], environment, { folder });
  const readUrls = () =>
    Promise.all(
      [vod.stage, acme, globex].map(
        async ({ client }) => (await client.DescribeEventConfig({})).NotificationUrl,
      ),
    );
  const countChanges = () => vod.actions.filter((action) => action === 'ModifyEventConfig').length;

  it('have their changes shown, are asked about once, and are all changed', async () => {
    const asked: string[] = [];
    const outcome = await runCommand(['setup', '--callback-url', OURS], environment, {
      ...{ folder, asked },
      typed: 'y',
    });

    const rowsWith = (key: string) => `  upload events       OFF -> ON
  delete events       OFF -> ON
  persistence events  OFF -> ON
  SignKey             becomes ${key} of CALLBACK_SIGN_KEYS; VOD does not tell what it is now
`;
    const rows = rowsWith('a key of its own, derived from the first one');
    expect(outcome).toEqual({
      exitCode: 0,
      error: '',
      out: `In the event notification of application ${OWN}:
  callback address    none -> ${OURS}
${rowsWith('the first key')}In the event notification of application ${ACME}:
  callback address    none -> ${OURS}?subAppId=${ACME}
${rows}In the event notification of application ${GLOBEX}:
  callback address    none -> ${OURS}?subAppId=${GLOBEX}
${rows}Done. "vod-upload doctor" checks that everything fits together.
`,
    });
    expect(asked).toEqual(['Change them? [y/N] ']);
    for (const [{ client, dir }, query, key] of [
      [vod.stage, '', SIGN_KEY],
      [acme, `?subAppId=${ACME}`, deriveSignKey(SIGN_KEY, ACME)],
      [globex, `?subAppId=${GLOBEX}`, deriveSignKey(SIGN_KEY, GLOBEX)],
    ] as const) {
      expect(await client.DescribeEventConfig({})).toMatchObject({
        ...{ Mode: 'PUSH', NotificationUrl: `${OURS}${query}` },
        UploadMediaCompleteEventSwitch: 'ON',
        DeleteMediaCompleteEventSwitch: 'ON',
        PersistenceCompleteEventSwitch: 'ON',
      });
      const state = await readFile(join(dir, 'state.json'), 'utf8');
      expect(state).toContain(`"signKey":"${key}"`);
      expect(outcome.out).not.toContain(key);
    }
  });

  it('get their keys again while they may have that of the own application, which a setting says', async () => {
    await setupHere(EVERYTHING);
    vod.actions.length = 0;
    const shared = { ...environment, CALLBACK_SHARED_SIGN_KEY_UNTIL: '2099-01-01T00:00:00Z' };

    const { out } = await runCommand(['setup', ...EVERYTHING], shared, { folder });
    expect(out).toMatch(/^In the event notification .* 1500000001:\n {2}SignKey/);
    expect(countChanges()).toBe(3);

    const pull = ['setup', '--mode', 'pull', ...EVERYTHING];
    const pulled = await runCommand(pull, shared, { folder });
    expect(pulled.out).not.toContain('SignKey');
    const again = await runCommand(pull, shared, { folder });
    expect(again.out).toMatch(/^Nothing to change/);
  });

  it('are left alone by a second run', async () => {
    await setupHere(EVERYTHING);
    vod.actions.length = 0;

    expect(await setupHere(EVERYTHING)).toEqual({
      exitCode: 0,
      out: `Nothing to change: applications ${OWN}, ${ACME} and ${GLOBEX} are set up as asked. VOD does not tell their SignKey: --send-sign-key sets it again.\n`,
      error: '',
    });
    expect(vod.actions).toEqual(Array(3).fill('DescribeEventConfig'));
    await setupHere([...EVERYTHING, '--send-sign-key']);
    expect(countChanges()).toBe(3);
  });

  it('are changed where they need it, and the others are said to need nothing', async () => {
    await setupHere(EVERYTHING);
    await acme.client.ModifyEventConfig({ DeleteMediaCompleteEventSwitch: 'OFF' });
    vod.actions.length = 0;

    const { exitCode, out } = await setupHere(EVERYTHING);

    expect(exitCode).toBe(0);
    expect(out).toMatch(
      new RegExp(
        `^Nothing to change: applications ${OWN} and ${GLOBEX} are set up as asked\\..*\nIn the event notification of application ${ACME}:\n {2}delete events {7}OFF -> ON\n {2}SignKey`,
      ),
    );
    expect(countChanges()).toBe(1);
  });

  it.each([
    ['', OURS],
    [`?subAppId=${GLOBEX}`, `${OURS}?subAppId=${GLOBEX}`],
    [`?subAppId=${ACME}&subAppId=${GLOBEX}`, `${OURS}?subAppId=${ACME}&…`],
  ])(
    'are changed where the address has "%s" for a query, which takes it from nobody',
    async (query, shown) => {
      await setupHere(EVERYTHING);
      await acme.client.ModifyEventConfig({ NotificationUrl: `${OURS}${query}` });

      const { exitCode, out } = await setupHere(EVERYTHING);

      expect(exitCode).toBe(0);
      expect(out).toContain(`  callback address    ${shown} -> ${OURS}?subAppId=${ACME}\n`);
      expect(await readUrls()).toEqual([
        OURS,
        `${OURS}?subAppId=${ACME}`,
        `${OURS}?subAppId=${GLOBEX}`,
      ]);
    },
  );

  it("have the service's own application report without the query", async () => {
    await vod.stage.client.ModifyEventConfig({ NotificationUrl: `${OURS}?subAppId=${ACME}` });

    const { out } = await setupHere(EVERYTHING);

    expect(out).toContain(`  callback address    ${OURS}?subAppId=${ACME} -> ${OURS}\n`);
    expect((await readUrls())[0]).toBe(OURS);
  });

  it('keep the query that the function has already', async () => {
    await setupHere(['--callback-url', `${OURS}?token=not-for-everybody`, '--yes']);
    const { out } = await setupHere(['--callback-url', `${OURS}?token=new`, '--yes', '--force']);

    expect(out).toContain(
      `${OURS}?subAppId=${ACME}&… -> ${OURS}?subAppId=${ACME}&… (another query)`,
    );
    expect(out).not.toContain('token');
    expect((await readUrls())[1]).toBe(`${OURS}?token=new&subAppId=${ACME}`);
  });

  it("lose nobody else's address without --force, and then none is changed", async () => {
    const theirs =
      'https://other.example.com/hook?token=not-for-everybody&subAppId=not-for-anybody';
    await acme.client.ModifyEventConfig({ NotificationUrl: theirs });
    vod.actions.length = 0;

    const one = await setupHere(EVERYTHING);
    await globex.client.ModifyEventConfig({
      NotificationUrl: `https://third.example.com/?subAppId=${GLOBEX}`,
    });
    const two = await setupHere(EVERYTHING);

    expect(one).toMatchObject({
      exitCode: 1,
      error: `vod-upload setup: application ${ACME} reports to https://other.example.com/hook?…, which is not the address of this backend. Nothing was changed; say --force if nobody needs that address any more.\n`,
    });
    expect(two).toMatchObject({
      exitCode: 1,
      error: `vod-upload setup: application ${ACME} reports to https://other.example.com/hook?… and application ${GLOBEX} reports to https://third.example.com/?subAppId=${GLOBEX}, which are not addresses of this backend. Nothing was changed; say --force if nobody needs those addresses any more.\n`,
    });
    expect(one.out + two.out + two.error).not.toContain('not-for');
    expect(countChanges()).toBe(0);

    expect((await setupHere([...EVERYTHING, '--force'])).exitCode).toBe(0);
    expect(await readUrls()).toEqual([
      OURS,
      `${OURS}?subAppId=${ACME}`,
      `${OURS}?subAppId=${GLOBEX}`,
    ]);
  });

  it.each([
    [
      'is refused',
      'UnauthorizedOperation',
      `VOD did not let this service make the call with UnauthorizedOperation. Changed: application ${OWN}. Not changed: applications ${ACME} and ${GLOBEX}.`,
    ],
    [
      'fails',
      'InternalError',
      `VOD could not serve the call with InternalError. Changed: application ${OWN}. Perhaps changed: application ${ACME}. Not changed: application ${GLOBEX}.`,
    ],
  ])('are told apart where one %s, and done by the next run', async (_, code, said) => {
    vod.override('ModifyEventConfig', code, ACME);
    const half = await setupHere(EVERYTHING);
    const then = await readUrls();
    vod.restore();
    const whole = await setupHere(EVERYTHING);

    expect(half.exitCode).toBe(2);
    expect(half.error).toBe(
      `vod-upload setup: application ${ACME}: ${said} Run it again, and it continues what is left.\n`,
    );
    expect(half.out).not.toContain('Done.');
    expect(then).toEqual([OURS, '', '']);
    expect(whole.exitCode).toBe(0);
    expect(whole.out).toMatch(new RegExp(`^Nothing to change: application ${OWN} is`));
    expect(await readUrls()).toEqual([
      OURS,
      `${OURS}?subAppId=${ACME}`,
      `${OURS}?subAppId=${GLOBEX}`,
    ]);
  });

  it('are named where VOD does not know one, and none is changed', async () => {
    const other = await writeService(describeTenants({ acme: ACME, nobody: 1500000099 }));

    const { exitCode, out, error } = await runCommand(['setup', ...EVERYTHING], environment, {
      folder: other,
    });

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(error).toBe(
      'vod-upload setup: application 1500000099: VOD did not let this service make the call with InvalidParameterValue.SubAppId.\n',
    );
    expect(countChanges()).toBe(0);
    await removeScratch(other);
  });

  it('are all set to PULL, without an address', async () => {
    const { exitCode } = await setupHere(['--mode', 'pull', '--yes']);

    expect(exitCode).toBe(0);
    for (const { client } of [vod.stage, acme, globex]) {
      expect(await client.DescribeEventConfig({})).toMatchObject({
        Mode: 'PULL',
        NotificationUrl: '',
      });
    }
  });

  it("may have the service's own application, which stays that", async () => {
    const shared = await writeService(describeTenants({ ours: OWN, acme: ACME }));

    await runCommand(['setup', ...EVERYTHING], environment, { folder: shared });

    expect(await readUrls()).toEqual([OURS, `${OURS}?subAppId=${ACME}`, '']);
    await removeScratch(shared);
  });

  it('are those of the stage, and of the file with variables', async () => {
    const upload = variable(`file(./${variable('env:TENANTS')}-${variable('opt:stage')}.json)`);
    const staged = await writeService(upload);
    await writeFile(
      join(staged, 'some-prod.json'),
      JSON.stringify(describeTenants({ acme: ACME })),
    );
    await writeFile(join(staged, 'prod.env'), 'TENANTS=some\n');

    const args = ['setup', ...EVERYTHING, '--stage', 'prod', '--env-file', 'prod.env'];
    const { exitCode, error } = await runCommand(args, environment, { folder: staged });

    expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' });
    expect(await readUrls()).toEqual([OURS, `${OURS}?subAppId=${ACME}`, '']);
    await removeScratch(staged);
  });

  it('cannot be without VOD_SUB_APP_ID', async () => {
    environment = { ...environment, VOD_SUB_APP_ID: '' };
    vod.actions.length = 0;

    expect(await setupHere(EVERYTHING)).toEqual({
      ...{ exitCode: 2, out: '' },
      error:
        "vod-upload setup: VOD_SUB_APP_ID must be set where there are tenants: it is the service's own application.\n",
    });
    expect(vod.actions).toEqual([]);
  });
});

describe('a serverless.yml', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'service-'));
  });
  afterEach(() => removeScratch(folder));

  const HEAD = 'service: other\nconfigValidationMode: off\nprovider: { name: tencent }\n';

  it.each([
    [
      'cannot be parsed',
      'custom:\n  token: not-for-everybody\n  upload: [',
      /^serverless\.yml cannot be read: Cannot parse "serverless\.yml": .*\(\d+:\d+\)\.$/,
    ],
    [
      'has a variable that nobody sets',
      `custom: { upload: "${variable('env:NOBODY_SETS_THIS')}" }`,
      /^serverless\.yml cannot be read: .*"custom\.upload": Value not found/,
    ],
    [
      'has wrong settings',
      'custom: { upload: { policy: { tenants: { subAppIds: { acme: 0 } } }, rule: [] } }',
      /^The settings in serverless\.yml are wrong: custom\.upload\.policy\.tenants\.claim .*; custom\.upload\.policy\.tenants\.subAppIds\.acme .*; custom\.upload\.rule .*\.$/,
    ],
    [
      'has settings that are none',
      'custom: { upload: [] }',
      /^The settings in serverless\.yml are wrong: custom\.upload .*\.$/,
    ],
  ])('is refused in a sentence where it %s', async (_, rest, reason) => {
    await writeFile(join(folder, 'serverless.yml'), `${HEAD}${rest}\n`);

    const { exitCode, out, error } = await runCommand(
      ['setup', '--callback-url', OURS, '--yes'],
      environment,
      { folder },
    );

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(error.trim().split('\n')).toHaveLength(1);
    expect(error.trim().replace('vod-upload setup: ', '')).toMatch(reason);
    expect(error).not.toContain('not-for-everybody');
    expect(vod.actions).toEqual([]);
  });

  it.each(['', 'custom: { other: 1 }', 'custom: { upload: }'])(
    'names no tenants where it has "%s"',
    async (rest) => {
      await writeFile(join(folder, 'serverless.yml'), `${HEAD}${rest}\n`);

      const { exitCode } = await runCommand(
        ['setup', '--callback-url', OURS, '--yes'],
        environment,
        { folder },
      );

      expect(exitCode).toBe(0);
      expect(vod.actions).toEqual(['DescribeEventConfig', 'ModifyEventConfig']);
    },
  );
});

/** Returns a variable as serverless.yml has it. */
function variable(source: string): string {
  return `\${${source}}`;
}

function stateOfEmulator(): Promise<string> {
  return readFile(join(vod.stage.dir, 'state.json'), 'utf8');
}
