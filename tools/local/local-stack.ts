import { rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import type { Environment } from '../../lib/config/environment.ts';
import { applyMigrations } from '../../lib/ledger/schema/migrate.ts';
import { listApplications } from '../../lib/policy/applications.ts';
import { type Policy, parseSettings, type Settings } from '../../lib/policy/settings.ts';
import { deriveSignKey } from '../../lib/signing/secrets.ts';
import { writeFunctions } from '../deploy/bundle.ts';
import { readSettings, SETTINGS_FILE } from '../deploy/settings.ts';
import { createAccess } from './access.ts';
import { type ActivityLog, createActivityLog } from './activity.ts';
import { createConsumer } from './consumer.ts';
import { createControls } from './controls.ts';
import { discardLocalDatabase, type LocalDatabase, openLocalDatabase } from './database.ts';
import { type Account, localAccount } from './emulator/account.ts';
import { type EmulatorOptions, openEmulator } from './emulator/emulator.ts';
import { createFaults, type Faults } from './emulator/faults.ts';
import type { NamesOptions } from './emulator/known-names.ts';
import { createSpeedLimit } from './emulator/storage/speed-limit.ts';
import { buildRuntime } from './gateway/build-runtime.ts';
import { createGateway } from './gateway/gateway.ts';
import type { HttpTrigger } from './gateway/http-event.ts';
import { type Listening, listenHere } from './listen.ts';
import { checkChosen, defineFunctions } from './local-functions.ts';
import { LOCAL_KEYS_FILE, type LocalKeys, readLocalKeys } from './local-keys.ts';
import { joinNames } from './named-in-settings.ts';
import { loadPageAssets } from './page-assets.ts';
import { answerRequest, type StackParts } from './router.ts';
import { answerStarting, claimState } from './state-lock.ts';
import { startSweeper } from './sweeper.ts';

/** Options of a local stack. */
export interface LocalStackOptions {
  /** Folder of all data of the stack. */
  readonly dir: string;
  /** 0 for any free port. */
  readonly port: number;
  /**
   * Whether the state in `dir` is deleted first. This happens after the port is opened, so that no other stack is using
   * it.
   */
  readonly fresh?: boolean;
  readonly trigger?: HttpTrigger;
  /** Whether VOD sends its events or stores them for the sweep; `PUSH` by default. */
  readonly eventMode?: 'PUSH' | 'PULL';
  /** Procedures and categories of the account, in addition to those that `custom` names. */
  readonly names?: NamesOptions;
  /** Database of another server, which is neither started nor stopped; the stack's own by default. */
  readonly databaseUrl?: string | undefined;
  /** Certificates of that server's authorities, as PEM. */
  readonly databaseCa?: string | undefined;
  /** Variables with which a developer changes settings of the functions, and `DEV_ORIGINS`; none by default. */
  readonly chosen?: Environment;
  /** `custom` of serverless.yml, which has policy, tenants and rules; none by default. */
  readonly custom?: unknown;
  /** Waits, times and sources of the emulator, for tests that need shorter ones. */
  readonly emulator?: Partial<
    Pick<
      EmulatorOptions,
      | 'procedureMilliseconds'
      | 'timeoutMilliseconds'
      | 'attemptWaits'
      | 'pollMilliseconds'
      | 'emptyQueue'
      | 'pull'
      | 'clock'
    >
  >;
}

/** A running local stack. */
export interface LocalStack {
  /** Such as `http://localhost:3000`. */
  readonly origin: string;
  readonly account: Account;
  readonly databaseUrl: string;
  /** Folder of the data of the stack's own database; undefined if `databaseUrl` was given. */
  readonly databaseFolder: string | undefined;
  readonly activity: ActivityLog;
  readonly faults: Faults;
  /** What a user should know about the state that it found. */
  readonly notice: string | undefined;
  /** Answers a request as the stack's own port does; for further listeners, such as one with TLS. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

/**
 * Starts the page, the built functions and the emulator on one port, with their own database.
 *
 * @throws an error with `code` `EADDRINUSE` if the port is in use, a DeployError if `custom` is not valid, and a
 * LocalError if `chosen` is not valid.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const dir = resolve(options.dir);
  const { databaseCa, chosen = {}, eventMode = 'PUSH' } = options;
  checkChosen(chosen);
  const { tenants, names } = readNames(options);
  let parts: StackParts | undefined;
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    if (parts === undefined) answerStarting(request, response);
    else void answerRequest(parts, request, response);
  };
  const listening = await listenHere(handle, options.port);
  const origin = `http://localhost:${listening.port}`;
  const activity = createActivityLog();
  const faults = createFaults(activity);
  const speed = createSpeedLimit();
  const callbackUrl = `${origin}/callback`;

  const closers = [await claimStack(dir, listening), listening.close];
  // In reverse order: the functions end before their database closes.
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    if (options.fresh) await discardState(dir);
    const keys = await readLocalKeys(dir);
    const account = openAccount(keys, tenants);
    const known = { account, origin, callbackUrl, eventMode, activity, faults, speed, names };
    const [{ code, runtime }, database, assets] = await prepare(dir, options);
    const { url: databaseUrl, folder: databaseFolder } = database;
    closers.push(database.close);
    const emulator = await openEmulator({ ...options.emulator, ...known, dir: join(dir, 'vod') });
    closers.push(emulator.close);
    const gateway = createGateway({
      ...defineFunctions({
        ...{ code, account, keys, origin, databaseUrl, databaseCa, eventMode, chosen },
        publicNames: emulator.publicNames,
      }),
      runtime,
      trigger: options.trigger ?? 'url',
      corsOrigin: origin,
      activity,
    });
    closers.push(gateway.close);
    const sweeper = startSweeper({ gateway, activity, now: () => new Date() });
    closers.push(async () => sweeper.close());
    const controls = createControls({ ...known, keys, tenants, databaseUrl, sweeper, emulator });
    const consumer = createConsumer({ activity, faults, secret: keys.webhookSecret });
    const access = createAccess(chosen['DEV_ORIGINS'] ?? '');
    parts = { access, gateway, emulator, controls, consumer, assets };
    const found = { account, databaseUrl, databaseFolder, notice: emulator.notice };
    return { ...found, origin, activity, faults, handle, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Returns the tenants of the policy, undefined if it has none, and the procedures and categories that exist. */
function readNames({ custom, names }: LocalStackOptions) {
  const settings = readPolicy(custom);
  return { tenants: settings?.policy.tenants, names: joinNames(settings, names) };
}

/** Claims the folder of the stack; the port is closed if another stack has it. */
async function claimStack(dir: string, { port, close }: Listening): Promise<() => Promise<void>> {
  try {
    return await claimState({ dir, port, name: 'local stack', setting: 'LOCAL_DIR' });
  } catch (error) {
    await close();
    throw error;
  }
}

/** Returns policy and rules as the functions read them from their settings. */
function readPolicy(custom: unknown): Settings | undefined {
  return parseSettings(JSON.parse(readSettings(custom))).settings;
}

/** Returns the account with the applications of the tenants, each with its own key. */
function openAccount(keys: LocalKeys, tenants: Policy['tenants']): Account {
  const account = localAccount(keys);
  const [, ...otherSubAppIds] = listApplications({ tenants }, account.subAppId);
  const otherSignKeys = Object.fromEntries(
    otherSubAppIds.map((subAppId) => [subAppId, deriveSignKey(account.signKey, subAppId)]),
  );
  return { ...account, otherSubAppIds, otherSignKeys };
}

/** Prepares the slow parts at the same time: the bundles, the database and the page. */
async function prepare(dir: string, { custom, databaseUrl, databaseCa }: LocalStackOptions) {
  const settings = readSettings(custom);
  const database = openMigrated(dir, { databaseUrl, databaseCa });
  try {
    const code = writeCode(join(dir, 'code'), settings);
    return await Promise.all([code, database, loadPageAssets()]);
  } catch (error) {
    // The database may have started although another part failed; it must not be left running.
    await database.then(
      ({ close }) => close(),
      () => undefined,
    );
    throw error;
  }
}

async function openMigrated(
  dir: string,
  { databaseUrl, databaseCa }: Pick<LocalStackOptions, 'databaseUrl' | 'databaseCa'>,
): Promise<LocalDatabase> {
  const database = await openLocalDatabase(dir, { databaseUrl });
  try {
    await applyMigrations(database.url, { databaseCa });
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Deletes the state of a stack in `dir`, and no other files there. */
export async function discardState(dir: string): Promise<void> {
  await discardLocalDatabase(dir);
  await rm(join(dir, 'vod'), { recursive: true, force: true });
  await rm(join(dir, LOCAL_KEYS_FILE), { force: true });
}

/** Writes the bundles of the functions, as the cloud has them on its disk, and of the process that runs them. */
async function writeCode(folder: string, settings: string) {
  await rm(folder, { recursive: true, force: true });
  await writeFunctions(folder);
  await writeFile(join(folder, SETTINGS_FILE), settings);
  return { code: folder, runtime: await buildRuntime(folder) };
}
