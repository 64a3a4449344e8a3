import { hash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../../lib/ledger/ledger.ts';
import { localAccount } from '../../../tools/local/emulator/account.ts';
import { createIssuerKey, startIssuer } from '../../support/issuer.ts';
import { removeScratch } from '../../support/remove-scratch.ts';
import { useDatabases } from '../../support/use-ledger.ts';
import type { VodServer } from '../../support/vod-server.ts';
import type { ApiStage } from '../local/emulator/api/api-stage.ts';
import {
  type BuiltFunctions,
  buildFunctions,
  describeTenants,
  makeSecret,
  openVodFront,
  runCommand,
  type ScfFunction,
  startScf,
  startServer,
  type TestServer,
  type Variables,
  type VodFront,
  writeService,
} from './cli-stage.ts';

const SECRETS = {
  AUTH_JWT_SECRET: makeSecret(48),
  CALLBACK_SIGN_KEYS: `${makeSecret(16, 'hex')},${makeSecret(16, 'hex')}`,
  SOURCE_CONTEXT_KEYS: `${makeSecret(32)},${makeSecret(32)}`,
  webhook: `whsec_${makeSecret(32)}`,
};
const ORIGIN = 'https://app.example.com';
const CONTEXTS = { SOURCE_CONTEXT_KEYS: SECRETS.SOURCE_CONTEXT_KEYS };
const DEPLOYED = { runtime: 'Nodejs20.19', role: 'vod-upload', variables: CONTEXTS };
const SWEEP = 'vod-upload-dev-sweep';

const databases = useDatabases();
let built: BuiltFunctions;
/** Where nobody listens. */
let nowhere: string;
/** The database of a backend that is at work; the doctor changes nothing in it. */
let databaseUrl: string;
/** The functions as they should be. */
let good: TestServer;

beforeAll(async () => {
  built = await buildFunctions();
  const closed = await startServer(() => undefined);
  nowhere = closed.origin;
  await closed.close();
  databaseUrl = await databases.create();
  await sweepLately(databaseUrl);
  good = await built.serve(describeFunctions({}));
});

afterAll(async () => {
  await good.close();
  await built.close();
});

/** A good account, of which a test breaks one thing. */
interface Account {
  readonly vod: VodFront;
  readonly scf: VodServer;
  /** What SCF describes each function. */
  readonly deployed: Map<string, ScfFunction>;
  /** Deploys the functions again, with other variables. */
  readonly deploy: (change: Variables) => Promise<void>;
  readonly close: () => Promise<void>;
}

let account: Account;
/** What the doctor is run with. */
let environment: Variables;
let args: readonly string[];
let now: () => number;
/** The one that the doctor is run in. */
let folder: string;

beforeEach(async () => {
  account = await openAccount();
  environment = describeEnvironment(account);
  args = [];
  now = Date.now;
  folder = tmpdir();
});

afterEach(async () => {
  await account.close();
});

async function openAccount(): Promise<Account> {
  const vod = await openVodFront();
  const deployed = new Map<string, ScfFunction>();
  const scf = await startScf((name) => deployed.get(name));
  let own: TestServer | undefined;
  deployed.set(SWEEP, { ...DEPLOYED, timer: true });
  const announce = ({ origin }: TestServer) => {
    for (const name of ['signature', 'pull', 'callback', 'uploads']) {
      deployed.set(`vod-upload-dev-${name}`, { ...DEPLOYED, origin });
    }
    return vod.stage.client.ModifyEventConfig({ NotificationUrl: `${origin}/callback` });
  };
  await announce(good);
  return {
    ...{ vod, scf, deployed },
    async deploy(change) {
      own = await built.serve(describeFunctions(change));
      await announce(own);
    },
    async close() {
      await Promise.all([own?.close(), scf.close(), vod.close()]);
    },
  };
}

/** Leaves what a sweep leaves that has looked through the media the given number of minutes ago. */
async function sweepLately(url: string, minutes = 1, subAppId?: number): Promise<void> {
  const ledger = openLedger(url, { now: Date.now, randomKey: randomUUID });
  const mark = subAppId === undefined ? 'media-scan' : `media-scan ${subAppId}`;
  await ledger.moveMark(mark, Date.now() - minutes * 60_000);
  await ledger.close();
}

function describeCallers(): Variables {
  return { AUTH_JWT_SECRET: SECRETS.AUTH_JWT_SECRET, CORS_ORIGINS: ORIGIN };
}

function describeUploads(): Variables {
  const { secretId, secretKey, subAppId } = localAccount();
  return { VOD_SECRET_ID: secretId, VOD_SECRET_KEY: secretKey, VOD_SUB_APP_ID: String(subAppId) };
}

/** What the platform adds where a function has a role. */
function describeRole(): Variables {
  const { role } = localAccount();
  return {
    TENCENTCLOUD_SECRETID: role.secretId,
    TENCENTCLOUD_SECRETKEY: role.secretKey,
    TENCENTCLOUD_SESSIONTOKEN: role.token ?? '',
  };
}

/** Has the endpoint at `address` answer 410 to something. */
async function pauseEndpoint(url: string, address: string): Promise<void> {
  const targets = [{ id: `webhook_${hash('sha256', address).slice(0, 16)}`, events: ['*'] }];
  const ledger = openLedger(url, { now: Date.now, randomKey: randomUUID, targets });
  await ledger.saveIssued({ uploadId: address, method: 'client', owner: 'ann' });
  const [claim] = await ledger.claimDeliveries(1, 60, 1);
  if (claim === undefined) throw new Error('There is a delivery.');
  await ledger.pauseEndpoint(claim, { error: 'http_410', dead: false });
  await ledger.close();
}

/** A variable whose text is empty is not there, as at a deployment. */
function describeFunctions(change: Variables) {
  const database = { DATABASE_URL: databaseUrl };
  const shared = { ...describeUploads(), ...CONTEXTS, ...describeCallers(), ...database };
  const { CALLBACK_SIGN_KEYS } = SECRETS;
  const callback = { ...describeRole(), ...CONTEXTS, ...database, CALLBACK_SIGN_KEYS };
  const adapt = (variables: Variables): Variables =>
    Object.fromEntries(
      Object.entries({ ...variables, ...change }).filter(([, value]) => value !== ''),
    );
  return {
    signature: adapt(shared),
    pull: adapt(shared),
    callback: adapt(callback),
    uploads: adapt({ ...describeCallers(), ...database }),
  };
}

function describeEnvironment({ vod, scf }: Account): Variables {
  const { role } = vod.stage.account;
  return {
    ...describeUploads(),
    ...describeCallers(),
    CALLBACK_SIGN_KEYS: SECRETS.CALLBACK_SIGN_KEYS,
    ...CONTEXTS,
    TENCENT_SECRET_ID: role.secretId,
    TENCENT_SECRET_KEY: role.secretKey,
    TENCENT_TOKEN: role.token ?? '',
    VOD_API_ENDPOINT: vod.endpoint,
    VOD_API_PROTOCOL: 'http',
    SCF_API_ENDPOINT: scf.endpoint,
    SCF_API_PROTOCOL: 'http',
    WEBHOOK_ENDPOINTS: JSON.stringify([
      { url: 'https://hooks.example.com/vod', secret: SECRETS.webhook },
    ]),
    DATABASE_URL: databaseUrl,
  };
}

const runDoctor = (...more: readonly string[]) =>
  runCommand(['doctor', ...args, ...more], environment, { now, folder });

interface Report {
  readonly ok: boolean;
  readonly findings: readonly { check: string; text: string; remedy: string }[];
  readonly unable: readonly { check: string; text: string }[];
  readonly skipped: readonly { check: string; text: string }[];
}

async function examine(): Promise<Report & { readonly exitCode: number; readonly out: string }> {
  const { exitCode, out, error } = await runDoctor('--json');
  expect(error).toBe('');
  const report: Report = JSON.parse(out);
  return { ...report, exitCode, out };
}

/** Sets variables of the doctor's alone. */
function setHere(change: Variables): void {
  environment = { ...environment, ...change };
}

/** Sets a variable of the doctor's, and for the functions too. */
async function setEverywhere(change: Variables): Promise<void> {
  environment = { ...environment, ...change };
  await account.deploy(change);
}

/** The variables for callers whose tokens are checked by the public keys at `url`. */
function describeKeySet(url: string): Variables {
  return {
    AUTH_JWT_SECRET: '',
    ...{ AUTH_JWKS_URL: url, AUTH_JWKS_LOOPBACK: 'allow', AUTH_JWT_AUDIENCE: 'vod-upload' },
  };
}

/** Gives the doctor a database of its own, in which `statement` changed something. */
async function alterDatabase(statement: string): Promise<void> {
  const url = await databases.create();
  environment = { ...environment, DATABASE_URL: url };
  const sql = postgres(url, { max: 1, fetch_types: false });
  await sql.unsafe(statement);
  await sql.end();
}

function setEvents(change: object): Promise<unknown> {
  return account.vod.stage.client.ModifyEventConfig(change);
}

/** Name of the fault, how it comes about, the check that finds it, and what it says. */
type Fault = readonly [name: string, () => unknown, check: string, text: RegExp];

const FAULTS: readonly Fault[] = [
  [
    'an endpoint that is paused, and not one that nobody has configured any more',
    async () => {
      const DATABASE_URL = await databases.create();
      await sweepLately(DATABASE_URL);
      await pauseEndpoint(DATABASE_URL, 'https://hooks.example.com/vod');
      await pauseEndpoint(DATABASE_URL, 'https://old.example.com/vod');
      setHere({ DATABASE_URL });
    },
    'endpoints',
    /^The endpoint webhook_[0-9a-f]{16} \(hooks\.example\.com\) is paused since \S+: it answered 410\. Messages that wait, each for three days: 1; that were given up: 0\.$/,
  ],
  [
    'a secret that is not that of the id',
    () => (environment = { ...environment, TENCENT_SECRET_KEY: 'of-another-key' }),
    'credentials',
    /TENCENT_SECRET_ID: the secret does not belong to the id/,
  ],
  [
    'a session token that is over',
    () => (environment = { ...environment, TENCENT_TOKEN: 'of-yesterday' }),
    'credentials',
    /session token is wrong or too old/,
  ],
  [
    'an upload key that was deleted',
    () => (environment = { ...environment, VOD_SECRET_ID: 'AKIDdeleted' }),
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
    () => (environment = { ...environment, VOD_SUB_APP_ID: '1400000001' }),
    'application',
    /no application 1400000001; it has 1500000001/,
  ],
  [
    'no application at all',
    () => (environment = { ...environment, VOD_SUB_APP_ID: '' }),
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
    'no opened region',
    () =>
      account.vod.override('DescribeStorageRegions', {
        StorageRegionInfos: [{ Region: 'ap-seoul', Status: 'unopened', IsDefault: true }],
      }),
    'regions',
    /No storage region is opened/,
  ],
  [
    'notifications that nobody fetches',
    () => setEvents({ Mode: 'PULL' }),
    'notification',
    /mode is PULL, and the functions expect PUSH/,
  ],
  [
    'notifications to somebody else',
    () => setEvents({ NotificationUrl: 'https://other.example.com/hook?token=theirs' }),
    'notification',
    /reports to https:\/\/other\.example\.com\/hook\?…, and the callback function is at/,
  ],
  [
    'notifications to nobody',
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
    'a function on another runtime',
    () => {
      const { origin = '' } = account.deployed.get('vod-upload-dev-pull') ?? {};
      account.deployed.set('vod-upload-dev-pull', { ...DEPLOYED, runtime: 'Nodejs18.15', origin });
    },
    'deployment',
    /^vod-upload-dev-pull runs on Nodejs18\.15, and RUNTIME, or its default, is Nodejs20\.19\.$/,
  ],
  [
    'a runtime that the functions do not have yet',
    () => (environment = { ...environment, RUNTIME: 'Nodejs22.21' }),
    'deployment',
    /^vod-upload-dev-signature, .+ and vod-upload-dev-sweep run on Nodejs20\.19, and RUNTIME, or its default, is Nodejs22\.21\.$/,
  ],
  [
    'a runtime that is none',
    () => (environment = { ...environment, RUNTIME: 'nodejs22' }),
    'configuration',
    /^RUNTIME must be Nodejs20\.19, Nodejs22\.21 or Nodejs24\.11, .* and is nodejs22\.$/,
  ],
  [
    'a function without a role',
    () => {
      const { origin = '' } = account.deployed.get('vod-upload-dev-pull') ?? {};
      account.deployed.set('vod-upload-dev-pull', { ...DEPLOYED, role: '', origin });
    },
    'deployment',
    /vod-upload-dev-pull has no execution role/,
  ],
  [
    'a function that is not deployed',
    () => account.deployed.delete('vod-upload-dev-signature'),
    'deployment',
    /vod-upload-dev-signature is not deployed in ap-singapore/,
  ],
  [
    'a function without an address',
    () => account.deployed.set('vod-upload-dev-pull', DEPLOYED),
    'deployment',
    /vod-upload-dev-pull has no address/,
  ],
  [
    'a sweep that is not deployed',
    () => account.deployed.delete(SWEEP),
    'deployment',
    /vod-upload-dev-sweep is not deployed in ap-singapore/,
  ],
  [
    'a sweep without a timer',
    () => account.deployed.set(SWEEP, DEPLOYED),
    'deployment',
    /vod-upload-dev-sweep has no timer that is switched on/,
  ],
  [
    'a sweep whose timer is off',
    () => account.deployed.set(SWEEP, { ...DEPLOYED, timer: false }),
    'deployment',
    /vod-upload-dev-sweep has no timer that is switched on/,
  ],
  [
    'a sweep without a role',
    () => account.deployed.set(SWEEP, { ...DEPLOYED, role: '', timer: true }),
    'deployment',
    /vod-upload-dev-sweep has no execution role/,
  ],
  [
    'an address where nothing is',
    () => {
      args = [...args, '--pull-url', `${nowhere}/pull`];
    },
    'functions',
    /pull at http:\/\/localhost:\d+\/pull: it cannot be reached \(ECONNREFUSED\)/,
  ],
  [
    'an address where something else is',
    () => {
      args = [...args, '--signature-url', `http://${account.vod.stage.host}/signature`];
    },
    'functions',
    /something else answers there, with status 405/,
  ],
  [
    'functions that cannot serve with their variables',
    () => account.deploy({ VOD_SUB_APP_ID: 'not-a-number' }),
    'functions',
    /it answers 500/,
  ],
  [
    'an origin that was never deployed',
    () => (environment = { ...environment, CORS_ORIGINS: `${ORIGIN},https://new.example.com` }),
    'functions',
    /^Pages of https:\/\/new\.example\.com, which CORS_ORIGINS names, may not call signature, pull and uploads\.$/,
  ],
  [
    'a callback function with another key',
    () => account.deploy({ CALLBACK_SIGN_KEYS: makeSecret(16, 'hex') }),
    'sign key',
    /does not have key 1 and key 2 of CALLBACK_SIGN_KEYS/,
  ],
  [
    'functions that have other context keys',
    () => {
      const variables = { SOURCE_CONTEXT_KEYS: makeSecret(32) };
      for (const name of ['vod-upload-dev-callback', SWEEP]) {
        const known = account.deployed.get(name) ?? DEPLOYED;
        account.deployed.set(name, { ...known, variables });
      }
    },
    'deployment',
    /^callback and sweep have other SOURCE_CONTEXT_KEYS than are set here/,
  ],
  [
    'no context keys',
    () => (environment = { ...environment, SOURCE_CONTEXT_KEYS: '' }),
    'configuration',
    /SOURCE_CONTEXT_KEYS is not set, without which pull, callback and sweep serve nobody/,
  ],
  [
    'a context key that can be guessed',
    () => setContextKeys('example-key-example-key-example-key'),
    'secrets',
    /Key 1 of SOURCE_CONTEXT_KEYS has a word in it/,
  ],
  [
    'a context key that is too short',
    () => setContextKeys(makeSecret(8, 'hex')),
    'configuration',
    /SOURCE_CONTEXT_KEYS must be keys of 32 to 128 letters, digits and/,
  ],
  [
    'contexts that need no proof for a while',
    () => setGrace(30),
    'configuration',
    /Until .* nothing has to prove .* as an upload that the database knows/,
  ],
  ['a grace that is over', () => setGrace(-1), 'configuration', /lies in the past/],
  ['a grace without an end', () => setGrace(91), 'configuration', /must be at most 90 days ahead/],
  [
    "tenants' applications that may have the key of the own one",
    () => setGrace(1, 'CALLBACK_SHARED_SIGN_KEY_UNTIL'),
    'configuration',
    /Until .* tenants' applications may sign with the key of the service's own/,
  ],
  [
    'such a grace that is over',
    () => setGrace(-1, 'CALLBACK_SHARED_SIGN_KEY_UNTIL'),
    'configuration',
    /CALLBACK_SHARED_SIGN_KEY_UNTIL lies in the past/,
  ],
  [
    'such a grace without an end',
    () => setGrace(8, 'CALLBACK_SHARED_SIGN_KEY_UNTIL'),
    'configuration',
    /CALLBACK_SHARED_SIGN_KEY_UNTIL must be at most 7 days ahead/,
  ],
  [
    'everybody let in',
    () => setEverywhere({ AUTH: 'none', AUTH_JWT_SECRET: '' }),
    'callers',
    /AUTH is none, and signature, pull and uploads took a call without a token/,
  ],
  [
    'everybody let in, and not here',
    () => account.deploy({ AUTH: 'none', AUTH_JWT_SECRET: '' }),
    'callers',
    /your account: signature, pull and uploads took a call/,
  ],
  [
    'public keys that cannot be had',
    () => setEverywhere(describeKeySet(`${nowhere}/jwks.json`)),
    'callers',
    /AUTH_JWKS_URL does not lead to public keys.* the connection failed \(ECONNREFUSED\)\./,
  ],
  [
    'public keys that are none',
    // It answers with a problem.
    () => setEverywhere(describeKeySet(`${good.origin}/signature`)),
    'callers',
    /No token is good: AUTH_JWKS_URL answers 405\./,
  ],
  [
    'a secret with the end of a line behind it',
    () => (environment = { ...environment, AUTH_JWT_SECRET: `${SECRETS.AUTH_JWT_SECRET}\n` }),
    'configuration',
    /signature, pull,? and uploads: .*AUTH_JWT_SECRET ends with a line break \(U\+000A\)/,
  ],
  [
    'a key that uploads with a space behind it',
    () => (environment = { ...environment, VOD_SECRET_ID: `${environment['VOD_SECRET_ID']} ` }),
    'configuration',
    /VOD_SECRET_ID ends with a space \(U\+0020\)/,
  ],
  [
    'a key that deploys with a character that nobody sees',
    () => (environment = { ...environment, TENCENT_SECRET_KEY: '\u200bkey' }),
    'credentials',
    /TENCENT_SECRET_KEY begins with an invisible character \(U\+200B\)/,
  ],
  [
    'a variable that is missing',
    () => (environment = { ...environment, AUTH_JWT_SECRET: '' }),
    'configuration',
    /AUTH_JWT_SECRET must/,
  ],
  [
    'a webhook secret that is none',
    () => setWebhooks([{ url: 'https://hooks.example.com/vod', secret: 'whsec_short' }]),
    'configuration',
    /callback and sweep: .*WEBHOOK_ENDPOINTS.*secret must be whsec_/,
  ],
  [
    'a webhook secret that can be guessed',
    () =>
      setWebhooks([
        {
          url: 'https://hooks.example.com/vod',
          secret: `whsec_${Buffer.from('this is my webhook secret, 2026').toString('base64')}`,
        },
      ]),
    'secrets',
    /secret of endpoint 0 of WEBHOOK_ENDPOINTS has a word in it/,
  ],
  [
    'a webhook secret for two',
    () =>
      setWebhooks([
        { url: 'https://hooks.example.com/vod', secret: SECRETS.webhook },
        { url: 'https://others.example.com/vod', secret: SECRETS.webhook },
      ]),
    'secrets',
    /Endpoints 0 and 1 of WEBHOOK_ENDPOINTS have the same secret/,
  ],
  [
    'a short sign key',
    () => setEverywhere({ CALLBACK_SIGN_KEYS: makeSecret(7, 'hex') }),
    'secrets',
    /Key 1 of CALLBACK_SIGN_KEYS has less than 16/,
  ],
  [
    'a token secret of one letter',
    () => setEverywhere({ AUTH_JWT_SECRET: 'x'.repeat(40) }),
    'secrets',
    /AUTH_JWT_SECRET is made of a few letters only/,
  ],
  [
    'a database that is not there',
    () => (environment = { ...environment, DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' }),
    'database',
    /nothing listens there/,
  ],
  [
    'a database of another name',
    () => {
      const url = new URL(databaseUrl);
      url.pathname = '/no_such_database';
      environment = { ...environment, DATABASE_URL: url.href };
    },
    'database',
    /no database of this name/,
  ],
  [
    'an address of something else than a database',
    () => (environment = { ...environment, DATABASE_URL: 'mysql://a:b@127.0.0.1/c' }),
    'configuration',
    /^signature, pull, callback, uploads and sweep: .*DATABASE_URL must be a URL that begins with postgres/,
  ],
  [
    'a database without its tables',
    async () => {
      environment = { ...environment, DATABASE_URL: await databases.create('empty') };
    },
    'migrations',
    /has not had: 0001-uploads\.sql, /,
  ],
  [
    'a sweep that has never run',
    async () => {
      environment = { ...environment, DATABASE_URL: await databases.create() };
    },
    'sweep',
    /has never looked through the media/,
  ],
  [
    'a sweep that has stopped',
    async () => {
      const url = await databases.create();
      await sweepLately(url, 90);
      environment = { ...environment, DATABASE_URL: url };
    },
    'sweep',
    /knows the media up to 100 minutes ago only/,
  ],
  [
    'a migration that was changed',
    () => alterDatabase("update migrations set checksum = 'x' where name like '0002%'"),
    'migrations',
    /Changed since the database had them: 0002-events\.sql\./,
  ],
  [
    'a migration of newer code',
    () => alterDatabase("insert into migrations (name, checksum) values ('9999-later.sql', 'x')"),
    'migrations',
    /has had what is not here: 9999-later\.sql\./,
  ],
];

/** Faults of which several checks see something. */
const CAUSES: readonly Fault[] = [
  [
    'a number of an application that is none',
    () => setEverywhere({ VOD_SUB_APP_ID: 'of-the-team' }),
    'configuration',
    /^signature, pull, callback and sweep: VOD_SUB_APP_ID must /,
  ],
  [
    'an address of VOD that is none',
    () => setHere({ VOD_API_PROTOCOL: 'ftp' }),
    'configuration',
    /^pull, callback and sweep: VOD_API_PROTOCOL must be /,
  ],
  [
    'one wrong key for everything',
    () => {
      const { VOD_SECRET_ID = '' } = environment;
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
    'an application of another account, in which no sweep has been',
    async () => {
      const DATABASE_URL = await databases.create();
      setHere({ VOD_SUB_APP_ID: '1400000001', DATABASE_URL });
    },
    'application',
    /no application 1400000001/,
  ],
  [
    'a mode that is none',
    async () => {
      await setEvents({ Mode: 'PULL' });
      setHere({ VOD_EVENT_MODE: 'poll' });
    },
    'configuration',
    /^sweep: VOD_EVENT_MODE must be PUSH or PULL\.$/,
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
  [
    'a backend that is not deployed',
    async () => {
      account.deployed.clear();
      setHere({ DATABASE_URL: await databases.create() });
    },
    'deployment',
    /^Each of vod-upload-dev-signature, \S+-pull, \S+-callback, \S+-uploads and \S+-sweep is not deployed in/,
  ],
  [
    'functions without a role',
    () => {
      for (const [name, deployed] of account.deployed) {
        account.deployed.set(name, { ...deployed, role: '' });
      }
    },
    'deployment',
    /^Each of vod-upload-dev-pull, vod-upload-dev-callback and vod-upload-dev-sweep has no execution role/,
  ],
  [
    'several addresses where nothing is',
    () => {
      args = ['signature', 'pull'].flatMap((name) => [`--${name}-url`, `${nowhere}/${name}`]);
    },
    'functions',
    /^signature at \S+ and pull at \S+, each: it cannot be reached/,
  ],
  [
    'functions whose variables are wrong',
    () => account.deploy({ VOD_SUB_APP_ID: 'not-a-number', AUTH_JWT_SECRET: 'short' }),
    'functions',
    /^signature at \S+, pull at \S+, callback at \S+ and uploads at \S+, each: it answers 500/,
  ],
  [
    'two origins that were never deployed',
    () => setHere({ CORS_ORIGINS: 'https://a.example.com,https://b.example.com' }),
    'functions',
    /^Pages of https:\/\/a\.example\.com and https:\/\/b\.example\.com, which .* signature, pull and uploads\.$/,
  ],
  [
    'origins that are none',
    () => setHere({ CORS_ORIGINS: 'app.example.com' }),
    'configuration',
    /^signature, pull and uploads: CORS_ORIGINS entry 1 must /,
  ],
  [
    'a sign key that is none',
    () => setEverywhere({ CALLBACK_SIGN_KEYS: 'not a key' }),
    'configuration',
    /^callback: CALLBACK_SIGN_KEYS must be /,
  ],
  [
    'a token secret that is too short and can be guessed',
    () => setEverywhere({ AUTH_JWT_SECRET: 'secret' }),
    'configuration',
    /^signature, pull and uploads: AUTH_JWT_SECRET must have/,
  ],
];

/** Returns everything in the doctor's environment that it must not tell. */
function listSecrets(): readonly string[] {
  const { TENCENT_TOKEN, TENCENT_SECRET_KEY, VOD_SECRET_KEY, AUTH_JWT_SECRET } = environment;
  const { CALLBACK_SIGN_KEYS = '', SOURCE_CONTEXT_KEYS = '' } = environment;
  const { WEBHOOK_ENDPOINTS = '[]', DATABASE_URL = '' } = environment;
  const webhooks: readonly { secret: string }[] = JSON.parse(WEBHOOK_ENDPOINTS);
  return [
    ...[TENCENT_TOKEN, TENCENT_SECRET_KEY, VOD_SECRET_KEY, AUTH_JWT_SECRET, DATABASE_URL],
    ...CALLBACK_SIGN_KEYS.split(','),
    ...SOURCE_CONTEXT_KEYS.split(','),
    ...webhooks.map(({ secret }) => secret),
  ].flatMap((secret) => (secret === undefined || secret === '' ? [] : [secret]));
}

function setContextKeys(keys: string): void {
  const variables = { SOURCE_CONTEXT_KEYS: keys };
  environment = { ...environment, ...variables };
  for (const [name, known] of account.deployed) account.deployed.set(name, { ...known, variables });
}

function setGrace(days: number, name = 'SOURCE_CONTEXT_V1_UNTIL'): void {
  const until = new Date(Date.now() + days * 86_400_000).toISOString();
  environment = { ...environment, [name]: until };
}

function setWebhooks(endpoints: readonly object[]): void {
  environment = { ...environment, WEBHOOK_ENDPOINTS: JSON.stringify(endpoints) };
}

/** A variable of the functions or of the deployment. */
const VARIABLE = /\b(?:AUTH|CALLBACK|CORS|DATABASE|EVENT|PULL|TENCENT|VOD|WEBHOOK)_[A-Z_]+\b/g;

/** Expects the doctor to find this fault and no other, in one sentence without a secret, and to say how to mend it. */
async function expectFindings(check: string, text: RegExp): Promise<void> {
  const { findings, exitCode, ok, out } = await examine();

  expect(findings).toEqual([
    { check, text: expect.stringMatching(text), remedy: expect.anything() },
  ]);
  expect({ exitCode, ok }).toEqual({ exitCode: 1, ok: false });
  for (const { text: said, remedy } of findings) {
    expect(said).toMatch(/^\S.*\.$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
    const named = said.match(VARIABLE) ?? [];
    if (named.length > 0) expect(named.filter((name) => remedy.includes(name))).not.toEqual([]);
  }
  for (const secret of listSecrets()) expect(out).not.toContain(secret);
  expect(out).not.toContain('token=theirs');
}

describe('vod-upload doctor', () => {
  it('is silent on a good account', async () => {
    expect(await runDoctor()).toEqual({ exitCode: 0, out: 'All is well.\n', error: '' });
    expect(await examine()).toMatchObject({
      ...{ ok: true, exitCode: 0 },
      ...{ findings: [], warnings: [], unable: [], skipped: [] },
    });
  });

  it('is silent where public keys can be had', async () => {
    const issuer = await startIssuer();
    await issuer.publish(createIssuerKey('first', 'ES256'));
    await setEverywhere(describeKeySet(issuer.keySetUrl));

    expect(await runDoctor()).toEqual({ exitCode: 0, out: 'All is well.\n', error: '' });
    await issuer.close();
  });

  it.each(FAULTS)('finds %s, and nothing else', async (_, seed, check, text) => {
    await seed();
    await expectFindings(check, text);
  });

  it.each(CAUSES)('finds %s once, whatever suffers from it', async (_, seed, check, text) => {
    await seed();
    await expectFindings(check, text);
  });

  it('tells what it does while it works, but not where it writes JSON', async () => {
    const progress: string[] = [];
    await runCommand(['doctor'], environment, { progress });

    expect(progress.join('\n')).toMatch(
      /^reading the settings\nasking VOD's API at \S+\nlooking the functions up in SCF\nasking VOD about application 1500000001\ncalling the functions\nasking the database\n$/,
    );
    progress.length = 0;
    await runCommand(['doctor', '--json'], environment, { progress });
    expect(progress).toEqual([]);
  });

  it('describes each variable that is wrong once, with the functions that read it', async () => {
    environment = {
      ...environment,
      AUTH_JWT_SECRET: '',
      VOD_SECRET_KEY: '',
      VOD_SUB_APP_ID: 'none',
    };

    const { findings } = await examine();

    expect(findings.map(({ check, text }) => `${check} of ${text.split(' must')[0]}`)).toEqual([
      'configuration of signature, pull and uploads: AUTH_JWT_SECRET',
      'configuration of signature: VOD_SECRET_KEY',
      'configuration of signature, pull, callback and sweep: VOD_SUB_APP_ID',
    ]);
  });

  it('changes nothing: no call but such as only ask, and no event for the ledger', async () => {
    account.vod.actions.length = 0;

    await runDoctor();

    expect(new Set(account.vod.actions)).toEqual(
      new Set(['DescribeSubAppIds', 'DescribeStorageRegions', 'DescribeEventConfig']),
    );
    expect(new Set(account.scf.calls.map(({ action }) => action))).toEqual(
      new Set(['GetFunction', 'ListTriggers']),
    );
    const sql = postgres(databaseUrl, { max: 1, fetch_types: false });
    expect(await sql`select count(*)::int as count from events`).toEqual([{ count: 0 }]);
    await sql.end();
  });

  it('writes for people what is wrong and what to do', async () => {
    await setEvents({ UploadMediaCompleteEventSwitch: 'OFF' });

    expect(await runDoctor()).toEqual({
      exitCode: 1,
      out: `wrong    notification: Events of finished uploads are switched off, so no upload gets ready.
         Run "vod-upload setup".
One thing is wrong.
`,
      error: '',
    });
  });

  it('finds several things at once', async () => {
    await setEvents({ Mode: 'PULL', DeleteMediaCompleteEventSwitch: 'OFF' });
    environment = { ...environment, DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' };

    const { exitCode, out } = await runDoctor();

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

describe('what cannot be found out', () => {
  it('has an exit code of its own where VOD cannot be reached', async () => {
    environment = { ...environment, VOD_API_ENDPOINT: new URL(nowhere).host };
    args = sayAddresses();

    const { exitCode, out } = await runDoctor();

    expect(exitCode).toBe(2);
    expect(out).toMatch(/^unclear {2}clock: VOD's API at localhost:\d+ cannot be reached/);
    expect(out).toMatch(/Nothing is wrong as far as could be seen\.\n$/);
  });

  it('is unclear where VOD or SCF break', async () => {
    account.vod.override('DescribeStorageRegions', 'InternalError');
    const broken = await startServer((_, response) => response.writeHead(500).end());
    environment = { ...environment, SCF_API_ENDPOINT: new URL(broken.origin).host };

    const { findings, unable, exitCode } = await examine();

    expect(findings).toEqual([]);
    expect(unable.map(({ check }) => check)).toEqual(['regions', 'deployment']);
    expect(exitCode).toBe(2);
    await broken.close();
  });

  it('is skipped with a sentence where nobody says enough, and is no fault', async () => {
    args = sayAddresses();
    environment = { ...environment, DATABASE_URL: '' };

    expect(await runDoctor()).toEqual({
      exitCode: 0,
      out: `skipped  deployment: The runtime of the functions: say their region with --region.
skipped  database: DATABASE_URL is not set; without it the functions have no memory.
All is well, as far as it was looked at.
`,
      error: '',
    });
    expect(account.scf.calls).toEqual([]);
  });

  it('includes functions whose address nobody says; VOD says that of one', async () => {
    account.deployed.clear();

    const { skipped } = await examine();

    expect(skipped).toEqual([
      { check: 'notification', text: expect.stringContaining('is the address of the callback') },
      { check: 'functions', text: expect.stringMatching(/^signature: its address is not known/) },
      { check: 'functions', text: expect.stringMatching(/^pull: its address is not known/) },
      { check: 'functions', text: expect.stringMatching(/^uploads: its address is not known/) },
    ]);
  });

  it('is all about the cloud without a key', async () => {
    environment = { ...environment, TENCENT_SECRET_ID: '', TENCENT_SECRET_KEY: '' };
    environment = { ...environment, VOD_SECRET_ID: '', VOD_SECRET_KEY: '' };

    const { findings } = await examine();

    const checks = findings.map(({ check }) => check);
    expect(checks).toEqual(['configuration', 'configuration', 'credentials']);
  });
});

describe('the uploads function', () => {
  it('tells by a code that it lets nobody in without a token', async () => {
    const response = await fetch(`${good.origin}/uploads`);

    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ code: 'unauthorized' });
  });
});

describe('a backend without a database', () => {
  it('is good although its uploads function has nothing to read, and nothing sweeps', async () => {
    await account.deploy({ DATABASE_URL: '' });
    account.deployed.delete(SWEEP);
    environment = { ...environment, DATABASE_URL: '' };

    const { exitCode, findings, skipped } = await examine();

    expect({ exitCode, findings }).toEqual({ exitCode: 0, findings: [] });
    expect(skipped).toEqual([{ check: 'database', text: expect.stringContaining('no memory') }]);
  });
});

describe('the PULL mode', () => {
  it('is good where the functions expect it', async () => {
    await setEvents({ Mode: 'PULL', NotificationUrl: '' });
    environment = { ...environment, VOD_EVENT_MODE: 'PULL' };

    expect((await runDoctor()).out).toBe('All is well.\n');
  });
});

describe('tenants', () => {
  const [OWN, ACME, GLOBEX] = [1500000001, 1500000002, 1500000003];
  let tenantsFolder: string;
  let acme: ApiStage;

  beforeAll(async () => {
    tenantsFolder = await writeService(describeTenants({ acme: ACME, globex: GLOBEX }));
    for (const subAppId of [ACME, GLOBEX]) await sweepLately(databaseUrl, 1, subAppId);
  });
  afterAll(() => removeScratch(tenantsFolder));

  beforeEach(async () => {
    folder = tenantsFolder;
    acme = await addTenant(ACME);
    await addTenant(GLOBEX);
  });

  async function addTenant(subAppId: number): Promise<ApiStage> {
    const stage = await account.vod.addApplication(subAppId);
    const NotificationUrl = `${good.origin}/callback?subAppId=${subAppId}`;
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

  it('are no reason to say anything on a good account', async () => {
    account.vod.actions.length = 0;

    expect(await runDoctor()).toEqual({ exitCode: 0, out: 'All is well.\n', error: '' });
    for (const action of ['DescribeStorageRegions', 'DescribeEventConfig']) {
      expect(account.vod.actions.filter((called) => called === action)).toHaveLength(3);
    }
  });

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'an application that is missing',
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
      'no opened region',
      () => account.vod.override('DescribeStorageRegions', { StorageRegionInfos: [] }, ACME),
      'regions',
      /^Application 1500000002: No storage region is opened/,
    ],
    [
      'another mode',
      () => setAcme({ Mode: 'PULL' }),
      'notification',
      /^Application 1500000002: VOD's mode is PULL, and the functions expect PUSH\.$/,
    ],
    [
      'no address',
      () => setAcme({ NotificationUrl: '' }),
      'notification',
      /^Application 1500000002: VOD has no callback address\.$/,
    ],
    [
      'an address without the application',
      () => setAcme({ NotificationUrl: `${good.origin}/callback` }),
      'notification',
      /^Application 1500000002: VOD reports to http:\S+\/callback, without the query subAppId=1500000002, so /,
    ],
    [
      'an address for another application',
      () => setAcme({ NotificationUrl: `${good.origin}/callback?subAppId=${GLOBEX}` }),
      'notification',
      /^Application 1500000002: VOD reports to \S+\/callback\?subAppId=1500000003, without the query subAppId=1500000002, so /,
    ],
    [
      'an address of somebody else',
      () => setAcme({ NotificationUrl: 'https://other.example.com/hook?token=theirs' }),
      'notification',
      /^Application 1500000002: VOD reports to https:\/\/other\.example\.com\/hook\?…, and the callback function is at \S+\/callback\?subAppId=1500000002\.$/,
    ],
    [
      "a tenant's query in the address of the service's own",
      () => setEvents({ NotificationUrl: `${good.origin}/callback?subAppId=${ACME}` }),
      'notification',
      /^Application 1500000001: VOD reports to \S+\/callback\?subAppId=1500000002, with the query subAppId, which is for tenants, so /,
    ],
    [
      'upload events that are off',
      () => setAcme({ UploadMediaCompleteEventSwitch: 'OFF' }),
      'notification',
      /^Application 1500000002: Events of finished uploads are switched off/,
    ],
    [
      'delete events that are off',
      () => setAcme({ DeleteMediaCompleteEventSwitch: 'OFF' }),
      'notification',
      /^Application 1500000002: Events of deletions are switched off/,
    ],
    [
      'a key that may not see the settings of all',
      () => account.vod.override('DescribeEventConfig', 'UnauthorizedOperation.Cam', ACME),
      'credentials',
      /^The key may not ask about the notification of application 1500000002: /,
    ],
    [
      "that the service's own is not named",
      () => {
        environment = { ...environment, VOD_SUB_APP_ID: '' };
      },
      'application',
      /^VOD_SUB_APP_ID is not set, and must be where there are tenants; the account has 1500000001, 1500000002, 1500000003\.$/,
    ],
  ])('have found %s, and nothing else', async (_, seed, check, text) => {
    await seed();
    await expectFindings(check, text);
  });

  it("are looked at although the service's own application is gone", async () => {
    environment = { ...environment, VOD_SUB_APP_ID: '1400000001' };
    await setAcme({ Mode: 'PULL' });

    const { findings } = await examine();

    expect(findings.map(({ check }) => check)).toEqual(['application', 'notification']);
  });

  it('have their queries looked at where nobody says the address of the function', async () => {
    account.deployed.clear();
    await setAcme({ NotificationUrl: `${good.origin}/callback` });

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

describe('a serverless.yml', () => {
  it.each([
    ['cannot be read', 'custom: [', /^serverless\.yml cannot be read: Cannot parse/],
    [
      'has wrong settings',
      '{ service: other, configValidationMode: off, provider: { name: tencent }, custom: { upload: { rule: [] } } }',
      /^The settings in serverless\.yml are wrong: custom\.upload\.rule /,
    ],
  ])('is a finding where it %s', async (_, text, reason) => {
    folder = await writeService({});
    await writeFile(join(folder, 'serverless.yml'), text);

    await expectFindings('configuration', reason);
    await removeScratch(folder);
  });
});
