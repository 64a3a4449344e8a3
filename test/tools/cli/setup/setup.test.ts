import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readShown } from '../../../documents/documents.ts';
import { OURS, SIGN_KEY, useSetup } from './setup-stage.ts';

const { vod, setHere, run } = useSetup();

describe('vod-upload setup', () => {
  it('shows the changes, asks, and sets the callback address in VOD', async () => {
    const { exitCode, out, error } = await run(['--callback-url', OURS], { typed: 'y' });

    expect(error).toBe('');
    expect(out).toBe(`In the event notification of application ${vod.stage.account.subAppId}:
  callback address    none -> ${OURS}
  upload events       OFF -> ON
  delete events       OFF -> ON
  persistence events  OFF -> ON
  SignKey             becomes the first key of CALLBACK_SIGN_KEYS; VOD does not tell what it is now
Done. "vod-upload doctor" checks that everything fits together.
`);
    // A terminal shows the question and the answer.
    const shown = readShown('setup').replace('Change it? [y/N] y\n', '');
    expect(out).toBe(shown.replace(/https:\S+/, OURS));
    expect(exitCode).toBe(0);
    expect(await vod.stage.client.DescribeEventConfig({})).toMatchObject({
      Mode: 'PUSH',
      NotificationUrl: OURS,
      UploadMediaCompleteEventSwitch: 'ON',
      DeleteMediaCompleteEventSwitch: 'ON',
      PersistenceCompleteEventSwitch: 'ON',
    });
  });

  it('sends the first key, and never shows it', async () => {
    const { out, error } = await run(['--callback-url', vod.stage.receiver.url, '--yes']);

    expect(out + error).not.toContain(SIGN_KEY);
    const state = await readFile(join(vod.stage.dir, 'state.ndjson'), 'utf8');
    expect(state).toContain(`"signKey":"${SIGN_KEY}"`);
  });

  it.each(['n', '', 'yes please', 'Y E S'])(
    'changes nothing if the answer is "%s"',
    async (typed) => {
      const { exitCode, error } = await run(['--callback-url', OURS], { typed });

      expect(exitCode).toBe(1);
      expect(error).toBe('Nothing was changed.\n');
      expect(vod.actions).toEqual(['DescribeEventConfig']);
    },
  );

  it('refuses to continue without a terminal and without --yes', async () => {
    const { exitCode, out, error } = await run(['--callback-url', OURS]);

    expect(exitCode).toBe(1);
    expect(out).toContain('callback address');
    expect(error).toBe(
      'vod-upload setup: there is no terminal to ask on. Nothing was changed; use --yes to change it.\n',
    );
    expect(vod.actions).toEqual(['DescribeEventConfig']);
  });

  it('says if nothing is to change, and sends the key again on request', async () => {
    await run(['--callback-url', OURS, '--yes']);
    vod.actions.length = 0;

    const second = await run(['--callback-url', OURS, '--yes']);
    const third = await run(['--callback-url', OURS, '--yes', '--send-sign-key']);

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

  it('leaves off the events that an option switches off', async () => {
    const args = ['--callback-url', OURS, '--yes', '--persistence-events', 'off'];
    const { out } = await run(args);

    expect(out).not.toContain('persistence events');
    expect(await vod.stage.client.DescribeEventConfig({})).toMatchObject({
      PersistenceCompleteEventSwitch: 'OFF',
    });
    expect((await run(args)).out).toMatch(/^Nothing to change/);
  });
});

describe('the callback address of another service', () => {
  const theirs = 'https://other.example.com/hook?token=not-for-everybody';

  beforeEach(async () => {
    await vod.stage.client.ModifyEventConfig({ NotificationUrl: theirs });
    vod.actions.length = 0;
  });

  it.each([
    ['is not replaced', ['--callback-url', OURS]],
    ['is not disabled by another mode', ['--mode', 'pull']],
  ])('%s without --force, whatever other options are set', async (_, args) => {
    const { exitCode, out, error } = await run([...args, '--yes'], { typed: 'y' });

    expect(exitCode).toBe(1);
    expect(error).toContain(
      'reports to https://other.example.com/hook?…, which is not the address',
    );
    expect(error).toContain('--force');
    expect(out + error).not.toContain('not-for-everybody');
    expect(vod.actions).toEqual(['DescribeEventConfig']);
  });

  it('is replaced with --force after a confirmation', async () => {
    expect((await run(['--callback-url', OURS, '--force'], { typed: 'n' })).exitCode).toBe(1);
    expect((await run(['--callback-url', OURS, '--force'], { typed: 'y' })).exitCode).toBe(0);
    expect(await vod.stage.client.DescribeEventConfig({})).toMatchObject({ NotificationUrl: OURS });
  });

  it('can differ only in the query', async () => {
    await vod.stage.client.ModifyEventConfig({ NotificationUrl: `${OURS}?a=1` });

    const { exitCode, out } = await run(['--callback-url', `${OURS}?a=2`, '--yes']);

    expect(exitCode).toBe(1);
    expect(out).toContain(`${OURS}?… -> ${OURS}?… (another query)`);
  });
});

describe('the PULL mode', () => {
  it('is set without an address and a key, and does not change the address', async () => {
    await run(['--callback-url', OURS, '--yes']);
    setHere({ CALLBACK_SIGN_KEYS: '', VOD_EVENT_MODE: 'PULL' });

    const { exitCode, out } = await run(['--callback-url', OURS, '--yes']);

    expect(exitCode).toBe(0);
    expect(out).toContain('mode                PUSH -> PULL');
    expect(out).not.toContain('SignKey');
    expect(await vod.stage.client.DescribeEventConfig({})).toMatchObject({
      Mode: 'PULL',
      NotificationUrl: OURS,
    });
    expect((await run(['--yes'])).out).toBe(
      `Nothing to change: application ${vod.stage.account.subAppId} is set up as asked.\n`,
    );
  });

  it('changes back to PUSH with the same address', async () => {
    await run(['--callback-url', OURS, '--yes']);
    await run(['--mode', 'pull', '--callback-url', OURS, '--yes']);

    const { out } = await run(['--callback-url', OURS, '--yes']);

    expect(out).toContain('mode                PULL -> PUSH');
    expect(out).not.toContain('callback address');
  });
});
