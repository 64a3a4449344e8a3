import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect } from 'vitest';
import { type Cloud, startCloud } from '../../support/cloud/cloud.ts';
import { type CloudState, createCloudState } from '../../support/cloud/cloud-state.ts';
import type { CloudCall } from '../../support/cloud/exchange.ts';
import { type CommandResult, copyProject, type Project } from '../../support/cloud/project.ts';
import type { FunctionRecord } from '../../support/cloud/scf/function-record.ts';
import { startVodServer, succeed, type VodCall } from '../../support/vod-server.ts';

/** Variables of functions that must not be visible anywhere else. */
export const SECRETS = {
  VOD_SECRET_KEY: 'upload-secret-key-example',
  AUTH_JWT_SECRET: 'caller-secret-example-of-32-bytes',
  CALLBACK_SIGN_KEYS: 'SignKeyExample',
  SOURCE_CONTEXT_KEYS: 'context-key-example-of-32-letters',
} as const;

/** Variables that every command is started with, by their names in serverless.yml. */
const ENVIRONMENT = {
  ...SECRETS,
  VOD_SECRET_ID: 'AKIDuploadexample',
  VOD_SUB_APP_ID: '1500000001',
  VOD_ROLE: 'VodUpload',
  VOD_API_PROTOCOL: 'http',
  AUTH_JWT_AUDIENCE: 'vod-upload',
  CORS_ORIGINS: 'https://app.example.com',
  PULL_HOSTS: 'media.example.com',
};

/** A cloud, and a copy of the project to deploy to it. */
export interface DeployStage {
  readonly cloud: Cloud;
  readonly project: Project;
  /** Runs `serverless` after forgetting all earlier calls. */
  readonly run: (
    command: string,
    environment?: Readonly<Record<string, string>>,
  ) => Promise<CommandResult>;
  /** Returns the deployed function with this key in serverless.yml. @throws RangeError */
  readonly find: (key: string) => FunctionRecord;
}

/** Several stages, since a command keeps one core busy, and the calls of the deployed functions. */
export interface DeployStages {
  /** All variables of the functions. */
  readonly environment: Readonly<Record<string, string>>;
  /** An account that contains only the functions' role. */
  readonly emptyAccount: CloudState;
  /** Every kind of call that any command made, such as `scf:GetFunction`. */
  readonly called: ReadonlySet<string>;
  /** Calls of VOD's API by functions that ran. */
  readonly vodCalls: readonly VodCall[];
  /**
   * Runs `work` with a stage that no other test uses, whose cloud has the content `account` and whose project is
   * unchanged.
   */
  readonly use: <Result>(
    account: CloudState,
    work: (stage: DeployStage) => Promise<Result>,
  ) => Promise<Result>;
  readonly close: () => Promise<void>;
}

/** Expects a command to have succeeded; otherwise its output is shown. */
export function expectSuccess({ code, output }: CommandResult): void {
  expect(code, output).toBe(0);
}

const STAGES = 2;

/** Opens the stages; functions get the database URL `databaseUrl`, which only has to exist if they run. */
export async function openDeployStages(databaseUrl: string): Promise<DeployStages> {
  const vod = await startVodServer((response, { action }) =>
    succeed(response, action === 'PullUpload' ? { TaskId: 'task-1' } : {}),
  );
  const webhook = {
    url: 'https://hooks.example.com/vod',
    secret: `whsec_${randomBytes(24).toString('base64')}`,
    // Events that no test causes, so that nothing is sent anywhere.
    events: ['vod.SplitMediaComplete'],
  };
  const environment = {
    ...ENVIRONMENT,
    VOD_API_ENDPOINT: vod.endpoint,
    DATABASE_URL: databaseUrl,
    WEBHOOK_ENDPOINTS: JSON.stringify([webhook]),
  };
  const called = new Set<string>();
  const note = ({ service, action }: CloudCall) => called.add(`${service}:${action}`);
  const stages = await Promise.all(
    Array.from({ length: STAGES }, () => openStage(environment, note)),
  );
  const free = [...stages];
  const waiting: ((stage: DeployStage) => void)[] = [];
  const take = async () => free.pop() ?? new Promise<DeployStage>((give) => waiting.push(give));
  return {
    ...{ environment, called, vodCalls: vod.calls },
    emptyAccount: { ...createCloudState(), roles: new Map([[ENVIRONMENT.VOD_ROLE, new Set()]]) },
    use: async (account, work) => {
      const stage = await take();
      try {
        stage.cloud.reset(account);
        return await work(stage);
      } finally {
        await stage.project.restore();
        const next = waiting.shift();
        if (next === undefined) free.push(stage);
        else next(stage);
      }
    },
    close: async () => {
      for (const { cloud, project } of stages) {
        await project.remove();
        await cloud.close();
      }
      await vod.close();
    },
  };
}

async function openStage(
  environment: Readonly<Record<string, string>>,
  note: (call: CloudCall) => void,
): Promise<DeployStage> {
  const cloud = await startCloud();
  const project = await copyProject(cloud, environment);
  return {
    ...{ cloud, project },
    run: async (command, more) => {
      cloud.forgetCalls();
      const result = await project.serverless(command.split(' '), more);
      for (const call of cloud.calls) note(call);
      return result;
    },
    find: (key) => findDeployed(cloud.state, key),
  };
}

/** Returns the function of an account with this key in serverless.yml. @throws RangeError */
export function findDeployed({ functions }: CloudState, key: string): FunctionRecord {
  const name = `vod-upload-dev-${key}`;
  const found = [...functions.values()].find((record) => record.name === name);
  if (found === undefined) throw new RangeError(`${name} is not deployed`);
  return found;
}

/** Actions that change nothing. */
const READING = /^(?:Get|Head|List|Describe)/;

/** Returns the calls that changed something, as text: service, action and object. */
export function listWrites(calls: readonly CloudCall[]): readonly string[] {
  return calls
    .filter(({ action }) => !READING.test(action))
    .map(({ service, action, parameters, refusal }) => {
      const { FunctionName, TriggerName, key } = parameters;
      const about = [FunctionName, TriggerName, key].filter((word) => word !== undefined);
      return [service, action, ...about, ...(refusal === undefined ? [] : [refusal])].join(' ');
    });
}

/** Returns a caller's token, as a login service would issue it. */
export function mintToken(scope: string): Promise<string> {
  return new SignJWT({ sub: 'user-42', scope })
    .setProtectedHeader({ alg: 'HS256' })
    .setAudience(ENVIRONMENT.AUTH_JWT_AUDIENCE)
    .setExpirationTime('10m')
    .sign(Buffer.from(SECRETS.AUTH_JWT_SECRET));
}
