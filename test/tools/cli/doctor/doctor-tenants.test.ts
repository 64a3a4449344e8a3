import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeScratch } from '../../../support/remove-scratch.ts';
import type { ApiStage } from '../../local/emulator/api/api-stage.ts';
import { describeTenants, writeService } from '../cli-stage.ts';
import { sweepLately, useDoctor } from './doctor-stage.ts';

const doctor = useDoctor();
const { account, setHere, setFolder, setEvents, examine, expectFindings } = doctor;

describe('tenants', () => {
  const [OWN, ACME, GLOBEX] = [1500000001, 1500000002, 1500000003];
  let tenantsFolder: string;
  let acme: ApiStage;

  beforeAll(async () => {
    tenantsFolder = await writeService(describeTenants({ acme: ACME, globex: GLOBEX }));
    for (const subAppId of [ACME, GLOBEX]) await sweepLately(doctor.databaseUrl, 1, subAppId);
  });
  afterAll(() => removeScratch(tenantsFolder));

  beforeEach(async () => {
    setFolder(tenantsFolder);
    acme = await addTenant(ACME);
    await addTenant(GLOBEX);
  });

  async function addTenant(subAppId: number): Promise<ApiStage> {
    const stage = await account.vod.addApplication(subAppId);
    const NotificationUrl = `${doctor.origin}/callback?subAppId=${subAppId}`;
    await stage.client.ModifyEventConfig({ NotificationUrl });
    return stage;
  }

  const setAcme = (change: object) => acme.client.ModifyEventConfig(change);
  const listStatus = (changed: object | undefined) =>
    account.vod.override('DescribeSubAppIds', {
      SubAppIdInfoSet: [
        { SubAppId: OWN, Status: 'On' },
        ...(changed === undefined ? [] : [changed]),
        { SubAppId: GLOBEX, Status: 'On' },
      ],
    });

  it('cause no findings on a correct account', async () => {
    account.vod.actions.length = 0;

    expect(await doctor.run()).toEqual({ exitCode: 0, out: 'All is well.\n', error: '' });
    for (const action of ['DescribeStorageRegions', 'DescribeEventConfig']) {
      expect(account.vod.actions.filter((called) => called === action)).toHaveLength(3);
    }
  });

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'a missing application',
      () => listStatus(undefined),
      'application',
      /^The account has no application 1500000002, which policy\.tenants names; it has 1500000001, 1500000003\.$/,
    ],
    [
      'an application that is switched off',
      () => listStatus({ SubAppId: ACME, Status: 'Off' }),
      'application',
      /^Application 1500000002 is not in service: its status is Off\.$/,
    ],
    [
      'that no region is opened',
      () => account.vod.override('DescribeStorageRegions', { StorageRegionInfos: [] }, ACME),
      'regions',
      /^Application 1500000002: No storage region is opened/,
    ],
    [
      'another event mode',
      () => setAcme({ Mode: 'PULL' }),
      'notification',
      /^Application 1500000002: VOD's mode is PULL, and the functions expect PUSH\.$/,
    ],
    [
      'a missing address',
      () => setAcme({ NotificationUrl: '' }),
      'notification',
      /^Application 1500000002: VOD has no callback address\.$/,
    ],
    [
      'an address without the application',
      () => setAcme({ NotificationUrl: `${doctor.origin}/callback` }),
      'notification',
      /^Application 1500000002: VOD reports to http:\S+\/callback, without the query subAppId=1500000002, so /,
    ],
    [
      'an address with another application',
      () => setAcme({ NotificationUrl: `${doctor.origin}/callback?subAppId=${GLOBEX}` }),
      'notification',
      /^Application 1500000002: VOD reports to \S+\/callback\?subAppId=1500000003, without the query subAppId=1500000002, so /,
    ],
    [
      'an address of another service',
      () => setAcme({ NotificationUrl: 'https://other.example.com/hook?token=theirs' }),
      'notification',
      /^Application 1500000002: VOD reports to https:\/\/other\.example\.com\/hook\?…, and the callback function is at \S+\/callback\?subAppId=1500000002\.$/,
    ],
    [
      "a tenant's query in the address of the service's own",
      () => setEvents({ NotificationUrl: `${doctor.origin}/callback?subAppId=${ACME}` }),
      'notification',
      /^Application 1500000001: VOD reports to \S+\/callback\?subAppId=1500000002, with the query subAppId, which is for tenants, so /,
    ],
    [
      'disabled upload events',
      () => setAcme({ UploadMediaCompleteEventSwitch: 'OFF' }),
      'notification',
      /^Application 1500000002: Events of finished uploads are switched off/,
    ],
    [
      'disabled delete events',
      () => setAcme({ DeleteMediaCompleteEventSwitch: 'OFF' }),
      'notification',
      /^Application 1500000002: Events of deletions are switched off/,
    ],
    [
      'a key that may not read the settings of every application',
      () => account.vod.override('DescribeEventConfig', 'UnauthorizedOperation.Cam', ACME),
      'credentials',
      /^The key may not ask about the notification of application 1500000002: /,
    ],
    [
      "that the service's own application is not set",
      () => {
        setHere({ VOD_SUB_APP_ID: '' });
      },
      'application',
      /^VOD_SUB_APP_ID is not set, and must be where there are tenants; the account has 1500000001, 1500000002, 1500000003\.$/,
    ],
  ])('are reported with %s, and nothing else', async (_, seed, check, text) => {
    await seed();
    await expectFindings(check, text);
  });

  it("are checked although the service's own application does not exist", async () => {
    setHere({ VOD_SUB_APP_ID: '1400000001' });
    await setAcme({ Mode: 'PULL' });

    const { findings } = await examine();

    expect(findings.map(({ check }) => check)).toEqual(['application', 'notification']);
  });

  it("have the queries of their addresses checked although the function's address is not known", async () => {
    account.deployed.clear();
    await setAcme({ NotificationUrl: `${doctor.origin}/callback` });

    const { findings, skipped } = await examine();

    expect(findings.filter(({ check }) => check === 'notification')).toEqual([
      expect.objectContaining({
        text: expect.stringMatching(/^Application 1500000002: .* without the query/),
      }),
    ]);
    expect(skipped.filter(({ check }) => check === 'notification')).toEqual(
      [OWN, GLOBEX].map((subAppId) => ({
        check: 'notification',
        text: expect.stringMatching(new RegExp(`^Application ${subAppId}: Whether http`)),
      })),
    );
  });
});
