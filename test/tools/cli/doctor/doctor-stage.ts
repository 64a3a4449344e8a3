import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { openLedger } from '../../../../lib/ledger/ledger.ts';
import { localAccount } from '../../../../tools/local/emulator/account.ts';
import { forward } from '../../../support/forward.ts';
import { listen } from '../../../support/listen.ts';
import { type TestDatabases, useDatabases } from '../../../support/use-ledger.ts';
import type { VodServer } from '../../../support/vod-server.ts';
import {
  buildFunctions,
  makeSecret,
  type Outcome,
  openVodFront,
  runCommand,
  type ScfFunction,
  startScf,
  type TestServer,
  type Variables,
  type VodFront,
} from '../cli-stage.ts';

/** Secrets that cannot be guessed. */
export const SECRETS = {
  AUTH_JWT_SECRET: makeSecret(48),
  CALLBACK_SIGN_KEYS: `${makeSecret(16, 'hex')},${makeSecret(16, 'hex')}`,
  SOURCE_CONTEXT_KEYS: `${makeSecret(32)},${makeSecret(32)}`,
  webhook: `whsec_${makeSecret(32)}`,
};
/** The origin whose pages may call the functions. */
export const ORIGIN = 'https://app.example.com';
const CONTEXTS = { SOURCE_CONTEXT_KEYS: SECRETS.SOURCE_CONTEXT_KEYS };
/** How each function is deployed. */
export const DEPLOYED = { runtime: 'Nodejs20.19', role: 'vod-upload', variables: CONTEXTS };
/** Name of the function that the timer calls. */
export const SWEEP = 'vod-upload-dev-sweep';

/** Name of the fault, the function that causes it, the check that finds it, and the message. */
export type Fault = readonly [name: string, seed: () => unknown, check: string, text: RegExp];

/** A correctly set up account, in which a test breaks one thing. */
interface Account {
  readonly vod: VodFront;
  readonly scf: VodServer;
  /** SCF's description of each function. */
  readonly deployed: Map<string, ScfFunction>;
  /** Deploys the functions again, with other variables. */
  readonly deploy: (change: Variables) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Report {
  readonly ok: boolean;
  readonly findings: readonly { check: string; text: string; remedy: string }[];
  readonly unable: readonly { check: string; text: string }[];
  readonly skipped: readonly { check: string; text: string }[];
  readonly exitCode: number;
  readonly out: string;
}

/** The doctor and an account, which is correctly set up when a test begins. */
export interface DoctorStage {
  readonly account: Account;
  /** The environment of the doctor. */
  readonly environment: Variables;
  /** URL of the database of a working backend, which the doctor does not change. */
  readonly databaseUrl: string;
  /** Origin of the correct functions. */
  readonly origin: string;
  /** Origin of an address where nothing listens. */
  readonly nowhere: string;
  readonly createDatabase: TestDatabases['create'];
  /** Sets variables of the doctor only. */
  setHere(change: Variables): void;
  /** Sets variables of the doctor and of the functions. */
  setEverywhere(change: Variables): Promise<void>;
  /** Sets the arguments of the doctor. */
  setArguments(...args: readonly string[]): void;
  /** Sets the folder that the doctor is run in. */
  setFolder(folder: string): void;
  /** Changes which events VOD reports, and to which address. */
  setEvents(change: object): Promise<unknown>;
  run(...more: readonly string[]): Promise<Outcome>;
  examine(): Promise<Report>;
  /** Expects the doctor to find only this fault, in one sentence without a secret, and to say how to fix it. */
  expectFindings(check: string, text: RegExp): Promise<void>;
}

/** Builds the functions for the file, and gives each test a separate correct account. */
export function useDoctor(): DoctorStage {
  const databases = useDatabases();
  let backend: Backend;
  let account: Account;
  let environment: Variables;
  let args: readonly string[];
  let folder: string;

  beforeAll(async () => {
    backend = await openBackend(await databases.create());
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    account = await openAccount(backend);
    environment = describeEnvironment(account, backend.databaseUrl);
    args = [];
    folder = tmpdir();
  });
  afterEach(() => account.close());

  const setHere = (change: Variables) => {
    environment = { ...environment, ...change };
  };
  const run = (...more: readonly string[]) =>
    runCommand(['doctor', ...args, ...more], environment, { folder });
  const examine = async () => {
    const { exitCode, out, error } = await run('--json');
    expect(error).toBe('');
    return { ...JSON.parse(out), exitCode, out };
  };
  return {
    account: forward(() => account),
    get environment() {
      return environment;
    },
    get databaseUrl() {
      return backend.databaseUrl;
    },
    get origin() {
      return backend.good.origin;
    },
    get nowhere() {
      return backend.nowhere;
    },
    createDatabase: (content) => databases.create(content),
    ...{ setHere, run, examine },
    setEverywhere(change) {
      setHere(change);
      return account.deploy(change);
    },
    setArguments(...chosen) {
      args = chosen;
    },
    setFolder(chosen) {
      folder = chosen;
    },
    setEvents: (change) => account.vod.stage.client.ModifyEventConfig(change),
    expectFindings: async (check, text) =>
      expectFindings(await examine(), { check, text, environment }),
  };
}

/** A variable of the functions or of the deployment. */
const VARIABLE = /\b(?:AUTH|CALLBACK|CORS|DATABASE|EVENT|PULL|TENCENT|VOD|WEBHOOK)_[A-Z_]+\b/g;

function expectFindings(
  { findings, exitCode, ok, out }: Report,
  { check, text, environment }: { check: string; text: RegExp; environment: Variables },
): void {
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
  for (const secret of listSecrets(environment)) expect(out).not.toContain(secret);
  expect(out).not.toContain('token=theirs');
}

/** Returns everything in the doctor's environment that it must not print. */
function listSecrets(environment: Variables): readonly string[] {
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

type Backend = Awaited<ReturnType<typeof openBackend>>;

async function openBackend(databaseUrl: string) {
  const built = await buildFunctions();
  const closed = await listen(createServer());
  await closed.close();
  await sweepLately(databaseUrl);
  const serve = (change: Variables) => built.serve(describeFunctions(databaseUrl, change));
  const good = await serve({});
  return {
    ...{ databaseUrl, nowhere: closed.origin, good, serve },
    async close() {
      await good.close();
      await built.close();
    },
  };
}

async function openAccount({ good, serve }: Backend): Promise<Account> {
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
      own = await serve(change);
      await announce(own);
    },
    async close() {
      await Promise.all([own?.close(), scf.close(), vod.close()]);
    },
  };
}

/** Writes what a sweep writes that scanned the media this number of minutes ago. */
export async function sweepLately(url: string, minutes = 1, subAppId?: number): Promise<void> {
  const ledger = openLedger(url, { clock: Date, random: { key: randomUUID } });
  const mark = subAppId === undefined ? 'media-scan' : `media-scan ${subAppId}`;
  await ledger.advanceWatermark(mark, Date.now() - minutes * 60_000);
  await ledger.close();
}

/** Variables for callers whose tokens are verified with the public keys at `url`. */
export function describeKeySet(url: string): Variables {
  return {
    AUTH_JWT_SECRET: '',
    ...{ AUTH_JWKS_URL: url, AUTH_JWKS_LOOPBACK: 'allow', AUTH_JWT_AUDIENCE: 'vod-upload' },
  };
}

function describeCallers(): Variables {
  return { AUTH_JWT_SECRET: SECRETS.AUTH_JWT_SECRET, CORS_ORIGINS: ORIGIN };
}

function describeUploads(): Variables {
  const { secretId, secretKey, subAppId } = localAccount();
  return { VOD_SECRET_ID: secretId, VOD_SECRET_KEY: secretKey, VOD_SUB_APP_ID: String(subAppId) };
}

/** Variables that the platform adds for a function with a role. */
function describeRole(): Variables {
  const { role } = localAccount();
  return {
    TENCENTCLOUD_SECRETID: role.secretId,
    TENCENTCLOUD_SECRETKEY: role.secretKey,
    TENCENTCLOUD_SESSIONTOKEN: role.token ?? '',
  };
}

/** As in a deployment, an empty variable is not set. */
function describeFunctions(DATABASE_URL: string, change: Variables) {
  const database = { DATABASE_URL };
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

function describeEnvironment({ vod, scf }: Account, DATABASE_URL: string): Variables {
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
    DATABASE_URL,
  };
}
