import { describe, it } from 'vitest';
import { type Fault, useDoctor } from './doctor-stage.ts';

const doctor = useDoctor();
const { account, setHere, setEvents, expectFindings } = doctor;

const FAULTS: readonly Fault[] = [
  [
    'a secret that belongs to another id',
    () => setHere({ TENCENT_SECRET_KEY: 'of-another-key' }),
    'credentials',
    /TENCENT_SECRET_ID: the secret does not belong to the id/,
  ],
  [
    'an expired session token',
    () => setHere({ TENCENT_TOKEN: 'of-yesterday' }),
    'credentials',
    /session token is wrong or too old/,
  ],
  [
    'an upload key that was deleted',
    () => setHere({ VOD_SECRET_ID: 'AKIDdeleted' }),
    'credentials',
    /VOD_SECRET_ID: it does not know the id/,
  ],
  [
    'a key that may not see the settings',
    () => account.vod.override('DescribeEventConfig', 'UnauthorizedOperation.Cam'),
    'credentials',
    /may not ask about the notification/,
  ],
  [
    'a clock ten minutes behind',
    () => account.vod.shiftClock(600),
    'clock',
    /is (?:600|599|601) seconds behind VOD's/,
  ],
  [
    'an application of another account',
    () => setHere({ VOD_SUB_APP_ID: '1400000001' }),
    'application',
    /no application 1400000001; it has 1500000001/,
  ],
  [
    'a missing application number',
    () => setHere({ VOD_SUB_APP_ID: '' }),
    'application',
    /VOD_SUB_APP_ID is not set; the account has 1500000001/,
  ],
  [
    'an application that is switched off',
    () =>
      account.vod.override('DescribeSubAppIds', {
        SubAppIdInfoSet: [{ SubAppId: 1500000001, Status: 'Off' }],
      }),
    'application',
    /its status is Off/,
  ],
  [
    'an account without an opened region',
    () =>
      account.vod.override('DescribeStorageRegions', {
        StorageRegionInfos: [{ Region: 'ap-seoul', Status: 'unopened', IsDefault: true }],
      }),
    'regions',
    /No storage region is opened/,
  ],
  [
    'notifications in PULL mode, which the functions do not pull',
    () => setEvents({ Mode: 'PULL' }),
    'notification',
    /mode is PULL, and the functions expect PUSH/,
  ],
  [
    'notifications that go to another address',
    () => setEvents({ NotificationUrl: 'https://other.example.com/hook?token=theirs' }),
    'notification',
    /reports to https:\/\/other\.example\.com\/hook\?…, and the callback function is at/,
  ],
  [
    'a missing callback address',
    () => setEvents({ NotificationUrl: '' }),
    'notification',
    /no callback address/,
  ],
  [
    'upload events that are off',
    () => setEvents({ UploadMediaCompleteEventSwitch: 'OFF' }),
    'notification',
    /finished uploads are switched off/,
  ],
  [
    'delete events that are off',
    () => setEvents({ DeleteMediaCompleteEventSwitch: 'OFF' }),
    'notification',
    /deletions are switched off/,
  ],
  [
    'a deployment key with an invisible character',
    () => setHere({ TENCENT_SECRET_KEY: '\u200bkey' }),
    'credentials',
    /TENCENT_SECRET_KEY begins with an invisible character \(U\+200B\)/,
  ],
  // Several checks are affected by these.
  [
    'one key that is wrong for every API',
    () => {
      const { VOD_SECRET_ID = '' } = doctor.environment;
      const key = { TENCENT_SECRET_ID: VOD_SECRET_ID, TENCENT_SECRET_KEY: 'wrong-secret' };
      setHere({ ...key, TENCENT_TOKEN: '', VOD_SECRET_KEY: 'wrong-secret' });
    },
    'credentials',
    /TENCENT_SECRET_ID: the secret does not belong to the id/,
  ],
  [
    'a key without a policy',
    () => {
      for (const action of ['DescribeStorageRegions', 'DescribeEventConfig']) {
        account.vod.override(action, 'UnauthorizedOperation.Cam');
      }
    },
    'credentials',
    /^The key may not ask about the regions and the notification: /,
  ],
  [
    'an application of another account, without any sweep',
    async () => {
      const DATABASE_URL = await doctor.createDatabase();
      setHere({ VOD_SUB_APP_ID: '1400000001', DATABASE_URL });
    },
    'application',
    /no application 1400000001/,
  ],
  [
    'a setup that was never run',
    () =>
      setEvents({
        NotificationUrl: '',
        ...{ UploadMediaCompleteEventSwitch: 'OFF', DeleteMediaCompleteEventSwitch: 'OFF' },
      }),
    'notification',
    /no callback address\. .*uploads are switched off.*deletions are switched off/,
  ],
];

describe('vod-upload doctor', () => {
  it.each(FAULTS)('finds %s, and nothing else', async (_, seed, check, text) => {
    await seed();
    await expectFindings(check, text);
  });
});
