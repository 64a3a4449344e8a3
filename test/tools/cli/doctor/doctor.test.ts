import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { readShown } from '../../../documents/documents.ts';
import { createIssuerKey, startIssuer } from '../../../support/issuer.ts';
import { listen } from '../../../support/listen.ts';
import { removeScratch } from '../../../support/remove-scratch.ts';
import { runCommand, writeService } from '../cli-stage.ts';
import { describeKeySet, SWEEP, useDoctor } from './doctor-stage.ts';

const doctor = useDoctor();
const {
  account,
  setHere,
  setEverywhere,
  setArguments,
  setFolder,
  setEvents,
  examine,
  expectFindings,
} = doctor;

describe('vod-upload doctor', () => {
  it('finds nothing wrong with a correct account', async () => {
    expect(await doctor.run()).toEqual({ exitCode: 0, out: 'All is well.\n', error: '' });
    expect(await examine()).toMatchObject({
      ...{ ok: true, exitCode: 0 },
      ...{ findings: [], warnings: [], unable: [], skipped: [] },
    });
  });

  it('finds nothing wrong if the public keys can be fetched', async () => {
    const issuer = await startIssuer();
    await issuer.publish(createIssuerKey('first', 'ES256'));
    await setEverywhere(describeKeySet(issuer.keySetUrl));

    expect(await doctor.run()).toEqual({ exitCode: 0, out: 'All is well.\n', error: '' });
    await issuer.close();
  });

  it('prints its progress, but not with JSON output', async () => {
    const progress: string[] = [];
    await runCommand(['doctor'], doctor.environment, { progress });

    expect(progress.join('\n')).toMatch(
      /^reading the settings\nasking VOD's API at \S+\nlooking the functions up in SCF\nasking VOD about application 1500000001\ncalling the functions\nasking the database\n$/,
    );
    progress.length = 0;
    await runCommand(['doctor', '--json'], doctor.environment, { progress });
    expect(progress).toEqual([]);
  });

  it('changes nothing: it only makes read calls, and records no event in the ledger', async () => {
    account.vod.actions.length = 0;

    await doctor.run();

    expect(new Set(account.vod.actions)).toEqual(
      new Set(['DescribeSubAppIds', 'DescribeStorageRegions', 'DescribeEventConfig']),
    );
    expect(new Set(account.scf.calls.map(({ action }) => action))).toEqual(
      new Set(['GetFunction', 'ListTriggers']),
    );
    const sql = postgres(doctor.databaseUrl, { max: 1, fetch_types: false });
    expect(await sql`select count(*)::int as count from events`).toEqual([{ count: 0 }]);
    await sql.end();
  });

  it('prints what is wrong and what to do', async () => {
    await setEvents({ UploadMediaCompleteEventSwitch: 'OFF' });

    expect(await doctor.run()).toEqual({
      exitCode: 1,
      out: `wrong    notification: Events of finished uploads are switched off, so no upload becomes ready.
         Run "vod-upload setup".
One thing is wrong.
`,
      error: '',
    });
    expect((await doctor.run()).out).toBe(readShown('doctor'));
  });

  it('finds several faults in one run', async () => {
    await setEvents({ Mode: 'PULL', DeleteMediaCompleteEventSwitch: 'OFF' });
    setHere({ DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' });

    const { exitCode, out } = await doctor.run();

    expect(exitCode).toBe(1);
    expect(out).toMatch(/3 things are wrong\.\n$/);
  });
});

function sayAddresses(): readonly string[] {
  const { origin = '' } = account.deployed.get('vod-upload-dev-pull') ?? {};
  return ['signature', 'pull', 'callback', 'uploads'].flatMap((name) => [
    `--${name}-url`,
    `${origin}/${name}`,
  ]);
}

describe('what cannot be checked', () => {
  it('has a separate exit code if VOD cannot be reached', async () => {
    setHere({ VOD_API_ENDPOINT: new URL(doctor.nowhere).host });
    setArguments(...sayAddresses());

    const { exitCode, out } = await doctor.run();

    expect(exitCode).toBe(2);
    expect(out).toMatch(/^unclear {2}clock: VOD's API at 127\.0\.0\.1:\d+ cannot be reached/);
    expect(out).toMatch(/Nothing wrong was found, but something could not be checked\.\n$/);
  });

  it('is unclear if VOD or SCF fail', async () => {
    account.vod.override('DescribeStorageRegions', 'InternalError');
    const broken = await listen(createServer((_, response) => response.writeHead(500).end()));
    setHere({ SCF_API_ENDPOINT: new URL(broken.origin).host });

    const { findings, unable, exitCode } = await examine();

    expect(findings).toEqual([]);
    expect(unable.map(({ check }) => check)).toEqual(['regions', 'deployment']);
    expect(exitCode).toBe(2);
    await broken.close();
  });

  it('is skipped with a sentence if a setting is missing, and is not a fault', async () => {
    setArguments(...sayAddresses());
    setHere({ DATABASE_URL: '' });

    expect(await doctor.run()).toEqual({
      exitCode: 0,
      out: `skipped  deployment: The runtime of the functions: set their region with --region.
skipped  database: DATABASE_URL is not set; without it the functions record nothing.
All is well in what was checked.
`,
      error: '',
    });
    expect(account.scf.calls).toEqual([]);
  });

  it('includes functions with unknown addresses; VOD knows the address of the callback', async () => {
    account.deployed.clear();

    const { skipped } = await examine();

    expect(skipped).toEqual([
      { check: 'notification', text: expect.stringContaining('is the address of the callback') },
      { check: 'functions', text: expect.stringMatching(/^signature: its address is not known/) },
      { check: 'functions', text: expect.stringMatching(/^pull: its address is not known/) },
      { check: 'functions', text: expect.stringMatching(/^uploads: its address is not known/) },
    ]);
  });

  it('includes all checks of the cloud without a key', async () => {
    setHere({ TENCENT_SECRET_ID: '', TENCENT_SECRET_KEY: '' });
    setHere({ VOD_SECRET_ID: '', VOD_SECRET_KEY: '' });

    const { findings } = await examine();

    const checks = findings.map(({ check }) => check);
    expect(checks).toEqual(['configuration', 'configuration', 'credentials']);
  });
});

describe('the uploads function', () => {
  it('answers a request without a token with a code that doctor recognises', async () => {
    const response = await fetch(`${doctor.origin}/uploads`);

    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ code: 'unauthorized' });
  });
});

describe('a backend without a database', () => {
  it('is correct although its uploads function has nothing to read, and there is no sweep', async () => {
    await account.deploy({ DATABASE_URL: '' });
    account.deployed.delete(SWEEP);
    setHere({ DATABASE_URL: '' });

    const { exitCode, findings, skipped } = await examine();

    expect({ exitCode, findings }).toEqual({ exitCode: 0, findings: [] });
    expect(skipped).toEqual([
      { check: 'database', text: expect.stringContaining('record nothing') },
    ]);
  });
});

describe('the PULL mode', () => {
  it('is correct if the functions expect it', async () => {
    await setEvents({ Mode: 'PULL', NotificationUrl: '' });
    setHere({ VOD_EVENT_MODE: 'PULL' });

    expect((await doctor.run()).out).toBe('All is well.\n');
  });
});

describe('a serverless.yml', () => {
  it.each([
    ['cannot be read', 'custom: [', /^serverless\.yml cannot be read: Cannot parse/],
    [
      'has wrong settings',
      '{ service: other, configValidationMode: off, provider: { name: tencent }, custom: { upload: { rule: [] } } }',
      /^The settings in serverless\.yml are wrong: custom\.upload\.rule /,
    ],
  ])('is reported if it %s', async (_, text, reason) => {
    const folder = await writeService({});
    setFolder(folder);
    await writeFile(join(folder, 'serverless.yml'), text);

    await expectFindings('configuration', reason);
    await removeScratch(folder);
  });
});
