import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPolicyActions } from '../../support/cam-policy.ts';
import { CLOUD_ACCOUNT } from '../../support/cloud/account.ts';
import type { CloudState } from '../../support/cloud/cloud-state.ts';
import type { CloudCall } from '../../support/cloud/exchange.ts';
import type { CommandResult } from '../../support/cloud/project.ts';
import type { FunctionRecord } from '../../support/cloud/scf/function-record.ts';
import { extranetUrl } from '../../support/cloud/scf/trigger-actions.ts';
import { forward } from '../../support/forward.ts';
import { useRequirement } from '../../support/requirement.ts';
import { useDatabases } from '../../support/use-ledger.ts';
import {
  type DeployStage,
  type DeployStages,
  findDeployed,
  openDeployStages,
} from './deploy-stage.ts';

/** Functions that have an address. */
export const HTTP_FUNCTIONS = ['signature', 'pull', 'callback', 'uploads'] as const;
/** All functions. */
export const FUNCTIONS = [...HTTP_FUNCTIONS, 'sweep'] as const;
/** The bucket for archives. */
export const BUCKET = `sls-cloudfunction-${CLOUD_ACCOUNT.region}-${CLOUD_ACCOUNT.appId}`;
/** An edit that changes what is built of a function. */
export const OTHER_CODE = [
  'functions/callback.ts',
  /$/,
  '\nexport const edition = "second";\n',
] as const;

const CALLERS = ['AUTH_JWT_AUDIENCE', 'AUTH_JWT_SECRET', 'CORS_ORIGINS', 'DATABASE_URL'];
const CONTEXT_KEYS = 'SOURCE_CONTEXT_KEYS';
const API = ['VOD_API_ENDPOINT', 'VOD_API_PROTOCOL', 'VOD_SUB_APP_ID'];
/** The names of each function's variables, and no others. */
export const TOLD: Readonly<Record<(typeof FUNCTIONS)[number], readonly string[]>> = {
  signature: [...[...CALLERS, CONTEXT_KEYS, 'VOD_SECRET_ID', 'VOD_SECRET_KEY', 'VOD_SUB_APP_ID']],
  pull: [...CALLERS, 'PULL_HOSTS', CONTEXT_KEYS, ...API],
  callback: ['CALLBACK_SIGN_KEYS', 'DATABASE_URL', CONTEXT_KEYS, ...API, 'WEBHOOK_ENDPOINTS'],
  uploads: [...CALLERS, ...API],
  sweep: ['DATABASE_URL', CONTEXT_KEYS, ...API, 'WEBHOOK_ENDPOINTS'],
};

/** The first deployment of a file; other commands run after it. */
export interface Deployment {
  readonly stages: DeployStages;
  readonly result: CommandResult;
  readonly calls: readonly CloudCall[];
  /** Called hosts that do not belong to the cloud. */
  readonly strangers: readonly string[];
  /** The content of the account afterwards. */
  readonly deployed: CloudState;
}

/** The start of the tests of a file. */
interface DeploymentStage {
  readonly deployment: Deployment;
  /** Runs a test with a separate stage, directly after the first deployment. */
  itAfterDeployment(title: string, work: (stage: DeployStage) => Promise<void>): void;
  /** Returns a function after the first deployment. */
  find(key: string): FunctionRecord;
}

/** Deploys once for the file, into an empty account. */
export function useDeployment(): DeploymentStage {
  const databases = useDatabases();
  const hasOpenssl = useRequirement('openssl');
  let deployment: Deployment | undefined;

  beforeAll(async () => {
    if (!hasOpenssl) return;
    const stages = await openDeployStages(await databases.create());
    deployment = await stages.use(stages.emptyAccount, async ({ cloud, run }) => {
      const result = await run('deploy');
      const { calls, strangers } = cloud;
      const known = { calls: [...calls], strangers: [...strangers] };
      return { stages, result, ...known, deployed: cloud.remember() };
    });
  });
  afterAll(() => deployment?.stages.close());
  const first = forward(() => {
    if (deployment === undefined) throw new Error('Nothing is deployed.');
    return deployment;
  });
  return {
    deployment: first,
    itAfterDeployment: (title, work) => it(title, () => first.stages.use(first.deployed, work)),
    find: (key) => findDeployed(first.deployed, key),
  };
}

/** Checks after all commands of the file that the policy allows every call of a deployer. */
export function describePolicy(deployment: Deployment): void {
  describe('all commands together', () => {
    /** The calls of `serverless logs` and `serverless metrics`, which only read. */
    const LOOKING = ['monitor:GetMonitorData', 'scf:GetFunctionLogs'];

    it('make only calls that the policy of the deployer allows', () => {
      const { called } = deployment.stages;
      const allowed = new Set([...readPolicyActions('deployer'), ...LOOKING]);

      expect(called.size).toBeGreaterThan(LOOKING.length);
      expect([...called].filter((call) => !allowed.has(call))).toEqual([]);
    });
  });
}

/** Returns the address that the cloud gave a function. */
export function addressOf({ triggers }: FunctionRecord): string | undefined {
  return triggers.map(extranetUrl).find((url) => url !== undefined);
}

/** Returns the addresses of all functions that have one. */
export function addresses({ find }: DeployStage): readonly (string | undefined)[] {
  return HTTP_FUNCTIONS.map((key) => addressOf(find(key)));
}

/** Returns the name of a function in the account. */
export function nameOf(key: string): string {
  return `vod-upload-dev-${key}`;
}

/** Returns the names of all functions of the account. */
export function functionNames({ cloud }: DeployStage): string[] {
  return [...cloud.state.functions.values()].map(({ name }) => name);
}

/** Returns the keys of the stored archives. */
export function storedKeys({ cloud }: DeployStage): string[] {
  return [...(cloud.state.buckets.get(BUCKET)?.objects.keys() ?? [])];
}

/** Returns the environment variables of a function. */
export function environmentOf({ environment }: FunctionRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(environment);
}
