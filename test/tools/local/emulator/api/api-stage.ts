import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import {
  type ActivityLog,
  createActivityLog,
  type RecordedActivity,
} from '../../../../../tools/local/activity.ts';
import { readCloudRequest } from '../../../../../tools/local/cloud-address.ts';
import { type Account, localAccount } from '../../../../../tools/local/emulator/account.ts';
import { createClock } from '../../../../../tools/local/emulator/clock.ts';
import {
  type Emulator,
  type EmulatorOptions,
  openEmulator,
} from '../../../../../tools/local/emulator/emulator.ts';
import { createFaults, type Faults } from '../../../../../tools/local/emulator/faults.ts';
import { createSpeedLimit } from '../../../../../tools/local/emulator/storage/speed-limit.ts';
import { nextActivity } from '../../../../support/activities.ts';
import { listen } from '../../../../support/listen.ts';
import { type CallbackReceiver, openReceiver } from '../events/callback-receiver.ts';

/** The vendor's client, from its package. */
type VodClient = InstanceType<typeof Client>;

type ClientProfile = NonNullable<ConstructorParameters<typeof Client>[0]['profile']>;

/** Differences from the default client. */
interface ClientChange {
  readonly credential?: { secretId: string; secretKey: string; token?: string };
  readonly signMethod?: NonNullable<ClientProfile['signMethod']>;
  readonly http?: NonNullable<ClientProfile['httpProfile']>;
}

/** The emulator behind a separate server, with the routes of the local stack. */
export interface ApiStage {
  /** The folder of the emulator's files. */
  readonly dir: string;
  readonly account: Account;
  readonly activity: ActivityLog;
  readonly faults: Faults;
  readonly receiver: CallbackReceiver;
  /** `127.0.0.1` and the port. */
  readonly host: string;
  readonly client: VodClient;
  emulator(): Emulator;
  createClient(change?: ClientChange): VodClient;
  /** Moves the emulator's clock, which otherwise follows the real one. */
  passSeconds(seconds: number): void;
  /** Closes the emulator and opens it again with the same files. */
  reopen(change?: Partial<EmulatorOptions>): Promise<void>;
  /** Resolves with the next activity for which `wanted` returns true. */
  next(wanted: (activity: RecordedActivity) => boolean): Promise<RecordedActivity>;
  close(): Promise<void>;
}

/** Opens a stage without media. */
export async function openApiStage(change: Partial<EmulatorOptions> = {}): Promise<ApiStage> {
  const dir = await mkdtemp(join(tmpdir(), 'api-'));
  const account = localAccount();
  const receiver = await openReceiver();
  const activity = createActivityLog();
  const faults = createFaults(activity);
  let emulator: Emulator | undefined;
  let aheadMilliseconds = 0;
  const server = createServer((incoming, outgoing) => {
    const cloudRequest = readCloudRequest(incoming, outgoing);
    const path = (incoming.url ?? '').replace(/^\/media\//, '');
    const done =
      cloudRequest === undefined
        ? emulator?.serveMedia(path, incoming, outgoing)
        : emulator?.handle(cloudRequest);
    done?.catch(() => outgoing.destroy());
  });
  const { host, origin, close } = await listen(server);
  const open = async (changes: Partial<EmulatorOptions>) => {
    emulator = await openEmulator({
      ...{ dir, account, activity, faults, callbackUrl: receiver.url },
      origin,
      speed: createSpeedLimit(),
      clock: createClock(() => new Date(Date.now() + aheadMilliseconds)),
      ...{ procedureMilliseconds: 3, pollMilliseconds: 0 },
      ...change,
      ...changes,
    });
  };
  await open({});
  const createClient = ({ credential, signMethod, http }: ClientChange = {}) =>
    new Client({
      credential: credential ?? { secretId: account.secretId, secretKey: account.secretKey },
      region: 'ap-singapore',
      profile: {
        ...(signMethod === undefined ? {} : { signMethod }),
        httpProfile: { endpoint: host, protocol: 'http://', ...http },
      },
    });
  return {
    ...{ dir, account, activity, faults, receiver, host, createClient },
    client: createClient(),
    emulator() {
      if (emulator === undefined) throw new Error('The emulator is not open');
      return emulator;
    },
    passSeconds: (seconds) => {
      aheadMilliseconds += seconds * 1_000;
    },
    async reopen(changes = {}) {
      await emulator?.close();
      await open(changes);
    },
    next: (wanted) => nextActivity(activity, wanted),
    async close() {
      await close();
      await emulator?.close();
      await receiver.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Returns the code and the message with which an API call is refused; throws if it is not refused. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ readonly code: unknown; readonly message: string }> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('The call was not refused');
  return { code: 'code' in error ? error.code : undefined, message: error.message };
}
