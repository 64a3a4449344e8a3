import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../../support/make-folder.ts';
import { OURS, useSetup } from './setup-stage.ts';

const { vod, scf, setHere, deploy, run } = useSetup();

describe('the address of the callback function', () => {
  it('is looked up in SCF', async () => {
    deploy({
      runtime: 'Nodejs20.19',
      origin: 'https://1500000001-found.ap-seoul.tencentscf.com',
    });

    const { exitCode } = await run(['--region', 'ap-seoul', '--stage', 'prod', '--yes']);

    expect(exitCode).toBe(0);
    expect(scf.calls[0]).toMatchObject({
      action: 'GetFunction',
      headers: { 'x-tc-version': '2018-04-16', 'x-tc-region': 'ap-seoul' },
      parameters: { FunctionName: 'vod-upload-prod-callback', Namespace: 'default' },
    });
    expect(await vod.stage.client.DescribeEventConfig({})).toMatchObject({
      NotificationUrl: 'https://1500000001-found.ap-seoul.tencentscf.com/callback',
    });
  });

  it.each([
    ['is not deployed', undefined],
    ['has no address', { runtime: 'Nodejs20.19' }],
  ])('is reported as missing if the function %s', async (lack, answer) => {
    deploy(answer);

    const { exitCode, error } = await run(['--yes']);

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
    [['--nope'], 'There is no option --nope. See "vod-upload setup --help".'],
    [['--mode'], '--mode must be followed by a value. See'],
    [['now'], '"now" is no option. See'],
    [['--env-file', '/nowhere/.env'], 'There is no file /nowhere/.env.'],
  ])('is checked, as every other option: %j', async (args, reason) => {
    const { exitCode, out, error } = await run(args);

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
    [{ TENCENTCLOUD_SECRET_ID: '', TENCENTCLOUD_SECRET_KEY: '' }, 'Credentials are missing'],
    [{ TENCENTCLOUD_SECRET_KEY: '' }, 'TENCENTCLOUD_SECRET_ID is set and'],
    [{ TENCENTCLOUD_SECRET_KEY: 'another' }, 'AuthFailure.SignatureFailure'],
    [{ VOD_SUB_APP_ID: '1400000001' }, 'InvalidParameterValue.SubAppId'],
    [{ VOD_API_ENDPOINT: '127.0.0.1:1' }, "VOD's API could not be reached"],
  ])('is reported in a sentence: %j', async (change, reason) => {
    setHere(change);

    const { exitCode, error } = await run(['--callback-url', OURS, '--yes']);

    expect(exitCode).toBe(2);
    expect(error).toContain(reason);
    expect(error.trim().split('\n')).toHaveLength(1);
    expect(error).not.toContain('not+a+key');
  });

  it('does not matter for the key that signs uploads, if there is no other key', async () => {
    const { account } = vod.stage;
    setHere({
      TENCENTCLOUD_SECRET_ID: '',
      TENCENTCLOUD_SECRET_KEY: '',
      VOD_SECRET_ID: account.secretId,
      VOD_SECRET_KEY: account.secretKey,
    });

    expect((await run(['--callback-url', OURS, '--yes'])).exitCode).toBe(0);
  });

  it('can be completed by a file of variables; those of the process have precedence', async () => {
    const folder = await makeFolder();
    const file = join(folder, '.env');
    await writeFile(file, `VOD_SUB_APP_ID=1400000001\nVOD_EVENT_MODE="PULL"\n`);

    const { out } = await run(['--env-file', file, '--yes']);
    const usual = await run([], { folder });

    expect(out).toContain(`application ${vod.stage.account.subAppId}`);
    expect(out).toContain('PUSH -> PULL');
    expect(usual.out).toMatch(/^Nothing to change/);
  });
});
