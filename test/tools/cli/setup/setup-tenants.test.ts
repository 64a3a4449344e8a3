import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deriveSignKey } from '../../../../lib/signing/secrets.ts';
import { removeScratch } from '../../../support/remove-scratch.ts';
import type { ApiStage } from '../../local/emulator/api/api-stage.ts';
import { describeTenants, runCommand, writeService } from '../cli-stage.ts';
import { clearSettings, OURS, SIGN_KEY, useSetup, variable } from './setup-stage.ts';

const setup = useSetup();
const { vod, setHere, run } = setup;

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

  const setupHere = (args: readonly string[]) => run(args, { folder });
  const readUrls = () =>
    Promise.all(
      [vod.stage, acme, globex].map(
        async ({ client }) => (await client.DescribeEventConfig({})).NotificationUrl,
      ),
    );
  const countChanges = () => vod.actions.filter((action) => action === 'ModifyEventConfig').length;

  it('show their changes, need one confirmation, and are all changed', async () => {
    const asked: string[] = [];
    const outcome = await run(['--callback-url', OURS], {
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
      const state = await readFile(join(dir, 'state.ndjson'), 'utf8');
      expect(state).toContain(`"signKey":"${key}"`);
      expect(outcome.out).not.toContain(key);
    }
  });

  it('get their keys again while a setting says that they may have the key of the own application', async () => {
    await setupHere(EVERYTHING);
    vod.actions.length = 0;
    const shared = { ...setup.environment, CALLBACK_SHARED_SIGN_KEY_UNTIL: '2099-01-01T00:00:00Z' };

    const { out } = await runCommand(['setup', ...EVERYTHING], shared, { folder });
    expect(out).toMatch(/^In the event notification .* 1500000001:\n {2}SignKey/);
    expect(countChanges()).toBe(3);

    const pull = ['setup', '--mode', 'pull', ...EVERYTHING];
    const pulled = await runCommand(pull, shared, { folder });
    expect(pulled.out).not.toContain('SignKey');
    const again = await runCommand(pull, shared, { folder });
    expect(again.out).toMatch(/^Nothing to change/);
  });

  it('are not changed by a second run', async () => {
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

  it('are changed only if needed; the others are listed with nothing to change', async () => {
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
    'are changed if the address has the query "%s", without --force, since the function is the same',
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

  it("do not affect the address of the service's own application, which has no query", async () => {
    await vod.stage.client.ModifyEventConfig({ NotificationUrl: `${OURS}?subAppId=${ACME}` });

    const { out } = await setupHere(EVERYTHING);

    expect(out).toContain(`  callback address    ${OURS}?subAppId=${ACME} -> ${OURS}\n`);
    expect((await readUrls())[0]).toBe(OURS);
  });

  it("keep the other query of the function's address", async () => {
    await setupHere(['--callback-url', `${OURS}?token=not-for-everybody`, '--yes']);
    const { out } = await setupHere(['--callback-url', `${OURS}?token=new`, '--yes', '--force']);

    expect(out).toContain(
      `${OURS}?subAppId=${ACME}&… -> ${OURS}?subAppId=${ACME}&… (another query)`,
    );
    expect(out).not.toContain('token');
    expect((await readUrls())[1]).toBe(`${OURS}?token=new&subAppId=${ACME}`);
  });

  it("do not replace another service's address without --force, and then none is changed", async () => {
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
      error: `vod-upload setup: application ${ACME} reports to https://other.example.com/hook?…, which is not the address of this backend. Nothing was changed; use --force if nothing needs that address any more.\n`,
    });
    expect(two).toMatchObject({
      exitCode: 1,
      error: `vod-upload setup: application ${ACME} reports to https://other.example.com/hook?… and application ${GLOBEX} reports to https://third.example.com/?subAppId=${GLOBEX}, which are not addresses of this backend. Nothing was changed; use --force if nothing needs those addresses any more.\n`,
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
  ])(
    'are listed as changed or not changed if one %s; the next run continues',
    async (_, code, said) => {
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
    },
  );

  it('are named if VOD does not know one, and none is changed', async () => {
    const other = await writeService(describeTenants({ acme: ACME, nobody: 1500000099 }));

    const { exitCode, out, error } = await run(EVERYTHING, { folder: other });

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

  it("may include the service's own application, which keeps its address", async () => {
    const shared = await writeService(describeTenants({ ours: OWN, acme: ACME }));

    await run(EVERYTHING, { folder: shared });

    expect(await readUrls()).toEqual([OURS, `${OURS}?subAppId=${ACME}`, '']);
    await removeScratch(shared);
  });

  it('are read for the stage, and with the variables of the given file', async () => {
    const upload = variable(`file(./${variable('env:TENANTS')}-${variable('opt:stage')}.json)`);
    const staged = await writeService(upload);
    await writeFile(
      join(staged, 'some-prod.json'),
      JSON.stringify(describeTenants({ acme: ACME })),
    );
    await writeFile(join(staged, 'prod.env'), 'TENANTS=some\n');

    const args = ['setup', ...EVERYTHING, '--stage', 'prod', '--env-file', 'prod.env'];
    const { exitCode, error } = await runCommand(args, setup.environment, { folder: staged });

    expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' });
    expect(await readUrls()).toEqual([OURS, `${OURS}?subAppId=${ACME}`, '']);
    await removeScratch(staged);
  });

  it('require VOD_SUB_APP_ID', async () => {
    setHere({ VOD_SUB_APP_ID: '' });
    vod.actions.length = 0;

    expect(await setupHere(EVERYTHING)).toEqual({
      ...{ exitCode: 2, out: '' },
      error:
        "vod-upload setup: VOD_SUB_APP_ID must be set where there are tenants: it is the service's own application.\n",
    });
    expect(vod.actions).toEqual([]);
  });
});
