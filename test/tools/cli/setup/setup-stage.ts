import { beforeEach } from 'vitest';
import { perTest } from '../../../support/per-test.ts';
import type { VodServer } from '../../../support/vod-server.ts';
import type { ApiStage } from '../../local/emulator/api/api-stage.ts';
import {
  makeSecret,
  type Outcome,
  openVodFront,
  runCommand,
  type ScfFunction,
  startScf,
  type Variables,
  type VodFront,
} from '../cli-stage.ts';

/** The address of the callback function. */
export const OURS = 'https://1500000001-ours.ap-singapore.tencentscf.com/callback';
/** The first of the keys that VOD may sign with. */
export const SIGN_KEY = makeSecret(16, 'hex');

/** `vod-upload setup` and an account whose application was never set up. */
export interface SetupStage {
  readonly vod: VodFront;
  readonly scf: VodServer;
  /** The environment of the command. */
  readonly environment: Variables;
  /** Changes the environment. */
  setHere(change: Variables): void;
  /** Sets SCF's answer about the callback function: by default it is not deployed. */
  deploy(deployed: ScfFunction | undefined): void;
  run(args: readonly string[], options?: Parameters<typeof runCommand>[2]): Promise<Outcome>;
}

/** Gives each test of the file a separate account. */
export function useSetup(): SetupStage {
  let environment: Variables;
  let deployed: ScfFunction | undefined;
  const vod = perTest(openVodFront);
  const scf = perTest(() => startScf(() => deployed));

  beforeEach(async () => {
    deployed = undefined;
    const { account } = vod.stage;
    environment = {
      TENCENTCLOUD_SECRET_ID: account.secretId,
      TENCENTCLOUD_SECRET_KEY: account.secretKey,
      VOD_API_ENDPOINT: vod.endpoint,
      VOD_API_PROTOCOL: 'http',
      VOD_SUB_APP_ID: String(account.subAppId),
      CALLBACK_SIGN_KEYS: `${SIGN_KEY},older0key`,
      SCF_API_ENDPOINT: scf.endpoint,
      SCF_API_PROTOCOL: 'http',
    };
    await clearSettings(vod.stage);
    vod.actions.length = 0;
  });
  return {
    ...{ vod, scf },
    get environment() {
      return environment;
    },
    setHere(change) {
      environment = { ...environment, ...change };
    },
    deploy(changed) {
      deployed = changed;
    },
    run: (args, options) => runCommand(['setup', ...args], environment, options),
  };
}

/** Sets an application as new ones are: the emulator's own callback address would count as another service's. */
export function clearSettings({ client }: ApiStage): Promise<unknown> {
  return client.ModifyEventConfig({
    Mode: 'PUSH',
    NotificationUrl: '',
    UploadMediaCompleteEventSwitch: 'OFF',
    DeleteMediaCompleteEventSwitch: 'OFF',
    PersistenceCompleteEventSwitch: 'OFF',
  });
}

/** Returns the text of a variable in serverless.yml. */
export function variable(source: string): string {
  return `\${${source}}`;
}
