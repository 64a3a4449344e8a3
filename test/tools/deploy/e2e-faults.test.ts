import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLOUD_ACCOUNT } from '../../support/cloud/account.ts';
import type { CloudState } from '../../support/cloud/cloud-state.ts';
import type { Fault } from '../../support/cloud/faults.ts';
import {
  type DeployStage,
  type DeployStages,
  expectSuccess,
  listWrites,
  openDeployStages,
  SECRETS,
} from './deploy-stage.ts';
import { FUNCTIONS, OTHER_CODE } from './deployment.ts';

const PULL = 'vod-upload-dev-pull';

// Every test starts programs and waits for a stage, and the machine may be busy.

let stages: DeployStages;
let deployed: CloudState;

beforeAll(async () => {
  stages = await openDeployStages('postgres://ledger:database-password@db.example.com/ledger');
  await stages.use(stages.emptyAccount, async (stage) => {
    await deploy(stage);
    deployed = stage.cloud.remember();
  });
});
afterAll(() => stages.close());

type Test = (stage: DeployStage) => Promise<void>;
const itInEmptyAccount = (title: string, work: Test) =>
  it(title, () => stages.use(stages.emptyAccount, work));
const itAfterDeployment = (title: string, work: Test) =>
  it(title, () => stages.use(deployed, work));

/** Runs a deployment that must fail: with one message, without a stack, and without a secret. */
async function failToDeploy(
  { run }: DeployStage,
  environment?: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, output } = await run('deploy', environment);
  expect(code, output).toBe(1);
  expect(output).not.toMatch(/^ {4}at /m);
  for (const secret of [...Object.values(SECRETS), CLOUD_ACCOUNT.key.secretKey]) {
    expect(output).not.toContain(secret);
  }
  return output;
}

/** Runs a deployment after which everything must be correct, whatever the state before. */
async function deploy({ cloud, run, find }: DeployStage): Promise<void> {
  const { code, output } = await run('deploy');
  expect(code, output).toBe(0);
  for (const key of FUNCTIONS) {
    expect(find(key), key).toMatchObject({
      status: 'Active',
      triggers: [{ isOpen: true, type: key === 'sweep' ? 'timer' : 'http' }],
    });
    expect(find(key).code.equals(find('signature').code), key).toBe(true);
  }
  expect(cloud.state.functions.size).toBe(FUNCTIONS.length);
  expect(cloud.state.tags.size).toBe(FUNCTIONS.length);
}

const refusal = { kind: 'refuse' } as const;
/** Faults that occur together, and the messages about them. */
const STEPS: readonly {
  readonly faults: readonly Fault[];
  readonly messages: readonly RegExp[];
}[] = [
  {
    faults: [
      { ...refusal, service: 'cam', action: 'GetUserAppId', code: 'AuthFailure.SignatureExpire' },
    ],
    messages: [/GetUserAppId was refused with AuthFailure\.SignatureExpire/],
  },
  {
    faults: [
      { ...refusal, service: 'scf', action: 'GetFunction', code: 'UnauthorizedOperation.CAM' },
    ],
    messages: [/GetFunction was refused with UnauthorizedOperation\.CAM/],
  },
  {
    faults: [{ ...refusal, service: 'cos', action: 'PutObject', code: 'AccessDenied' }],
    messages: [/storing vod-upload-dev-[0-9a-f]{64}\.zip: AccessDenied/],
  },
  {
    faults: [
      {
        ...{ ...refusal, service: 'scf', action: 'CreateFunction', code: 'LimitExceeded.Function' },
        functionName: 'vod-upload-dev-signature',
      },
      { ...refusal, service: 'scf', action: 'CreateTrigger', code: 'InternalError.System' },
    ],
    messages: [
      /vod-upload-dev-signature: .*CreateFunction was refused with LimitExceeded\.Function/,
      /vod-upload-dev-pull: .*CreateTrigger was refused with InternalError\.System/,
    ],
  },
  {
    faults: [{ ...refusal, service: 'cos', action: 'GetBucket', code: 'AccessDenied' }],
    messages: [/listing bucket/],
  },
];

describe.concurrent('a step that is refused', () => {
  itInEmptyAccount(
    'ends the deployment with its name, and the next deployment continues',
    async (stage) => {
      for (const { faults, messages } of STEPS) {
        for (const fault of faults) stage.cloud.faults.arm(fault);
        const output = await failToDeploy(stage);
        for (const message of messages) expect(output).toMatch(message);
        stage.cloud.faults.clear();
      }
      await deploy(stage);
    },
  );

  itInEmptyAccount('does not stop the deployment of other functions', async (stage) => {
    const { arm, clear } = stage.cloud.faults;
    const fault = { kind: 'refuse', code: 'LimitExceeded.Function', service: 'scf' } as const;
    arm({ ...fault, action: 'CreateFunction', functionName: PULL });

    expect(await failToDeploy(stage)).toContain(PULL);
    for (const key of ['signature', 'callback', 'uploads', 'sweep']) {
      expect(stage.find(key)).toMatchObject({ status: 'Active', triggers: [{ isOpen: true }] });
    }
    clear();
    await deploy(stage);
    expect(listWrites(stage.cloud.calls)).toEqual([
      `scf CreateFunction ${PULL}`,
      `scf CreateTrigger ${PULL} url`,
    ]);
  });

  itAfterDeployment('does not stop a function that is already deployed', async (stage) => {
    const { code } = stage.find('signature');
    await stage.project.edit(...OTHER_CODE);
    const { arm, clear } = stage.cloud.faults;
    arm({ kind: 'refuse', code: 'InternalError', service: 'scf', action: 'UpdateFunctionCode' });

    expect(await failToDeploy(stage)).toMatch(/UpdateFunctionCode was refused with InternalError/);
    expect(stage.find('signature').status).toBe('Active');
    expect(stage.find('signature').code.equals(code)).toBe(true);
    clear();
    await deploy(stage);
    expect(stage.find('signature').code.equals(code)).toBe(false);
  });
});

describe.concurrent('a missing answer', () => {
  itInEmptyAccount('fails the deployment after a minute', async (stage) => {
    stage.cloud.faults.arm({ kind: 'silence', service: 'scf', action: 'GetFunction' });

    expect(await failToDeploy(stage, { TEST_CLOUD_LIMITS: '30' })).toMatch(
      /GetFunction could not be called: .*time/i,
    );
  });

  itInEmptyAccount('to a completed call does no harm', async (stage) => {
    const once = { service: 'scf', times: 1 } as const;
    stage.cloud.faults.arm({ ...once, kind: 'lost', action: 'CreateFunction' });
    stage.cloud.faults.arm({ ...once, kind: 'half', action: 'CreateTrigger' });
    const output = await failToDeploy(stage, { TEST_CLOUD_LIMITS: '30' });

    expect(output).toMatch(/vod-upload-dev-signature: CreateFunction could not be called/);
    expect(output).toMatch(/vod-upload-dev-pull: CreateTrigger could not be called/);
    await deploy(stage);
    expect(listWrites(stage.cloud.calls)).toEqual([
      'scf CreateTrigger vod-upload-dev-signature url',
    ]);
  });

  itInEmptyAccount('from the storage is followed by a retry', async (stage) => {
    stage.cloud.faults.arm({ kind: 'lost', service: 'cos', action: 'PutObject', times: 1 });
    await deploy(stage);
  });
});

describe.concurrent('a function', () => {
  itAfterDeployment('that stays busy fails after three minutes', async (stage) => {
    const busy = { status: 'Updating', busyReads: Number.POSITIVE_INFINITY } as const;
    Object.assign(stage.find('pull'), busy);
    expect(await failToDeploy(stage, { TEST_CLOUD_WAITS: '400' })).toMatch(
      /vod-upload-dev-pull is still Updating after 180 seconds/,
    );

    stage.find('pull').busyReads = 0;
    await deploy(stage);
  });

  itAfterDeployment('whose update failed is updated again', async (stage) => {
    Object.assign(stage.find('pull'), { status: 'UpdateFailed', statusReason: 'Out of luck' });
    await deploy(stage);
  });

  itAfterDeployment(
    'with another runtime is not changed, since the cloud cannot change runtimes',
    async (stage) => {
      Object.assign(stage.find('pull'), { runtime: 'Nodejs18.15' });

      expect(await failToDeploy(stage)).toMatch(/vod-upload-dev-pull has the runtime Nodejs18\.15/);
      expect(listWrites(stage.cloud.calls)).toEqual([]);
    },
  );

  itAfterDeployment('gets the runtime in RUNTIME after it was removed', async (stage) => {
    const newer = { RUNTIME: 'Nodejs22.21' };

    const refused = await failToDeploy(stage, newer);
    for (const key of FUNCTIONS) {
      expect(refused).toContain(
        `vod-upload-dev-${key} has the runtime Nodejs20.19, and should have Nodejs22.21`,
      );
    }
    expect(refused).toContain('npm run remove');

    await stage.run('remove', newer);
    expect((await stage.run('deploy', newer)).code).toBe(0);
    for (const key of FUNCTIONS) expect(stage.find(key).runtime).toBe('Nodejs22.21');
    expect((await stage.run('deploy', newer)).output).toContain('No changes');
  });

  itInEmptyAccount('is not deployed with a runtime that is not supported', async (stage) => {
    const connections = stage.cloud.connections();

    const refused = await failToDeploy(stage, { RUNTIME: 'Nodejs18.15' });

    expect(refused).toContain('RUNTIME must be Nodejs20.19, Nodejs22.21 or Nodejs24.11');
    expect(refused.match(/RUNTIME must/g)).toHaveLength(1);
    expect(stage.cloud.connections()).toBe(connections);
  });

  itInEmptyAccount('that could not serve stops the whole deployment', async (stage) => {
    const connections = stage.cloud.connections();

    expect(await failToDeploy(stage, { CALLBACK_SIGN_KEYS: '', SOURCE_CONTEXT_KEYS: '' })).toMatch(
      /pull, callback[^:]*: SOURCE_CONTEXT_KEYS must be set.*callback: CALLBACK_SIGN_KEYS/s,
    );
    expect(stage.cloud.connections()).toBe(connections);
  });

  itAfterDeployment('whose creation failed is created again', async (stage) => {
    Object.assign(stage.find('pull'), { status: 'CreateFailed', triggers: [] });
    await deploy(stage);
    expect(listWrites(stage.cloud.calls)).toContain(`scf DeleteFunction ${PULL}`);
  });
});

describe.concurrent('the other commands', () => {
  itAfterDeployment('remove names what is still there, and continues', async ({ cloud, run }) => {
    const fault = { kind: 'refuse', code: 'InternalError.System', service: 'scf' } as const;
    cloud.faults.arm({ ...fault, action: 'DeleteFunction', functionName: PULL });

    expect(await run('remove')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/vod-upload-dev-pull: .*InternalError\.System/),
    });
    expect(cloud.state.functions.size).toBe(1);
    cloud.faults.clear();
    expectSuccess(await run('remove'));
    expect([cloud.state.functions.size, cloud.state.buckets.size]).toEqual([0, 0]);
  });

  itInEmptyAccount('invoke fails if there is no such function', async ({ run }) => {
    expect(await run('invoke -f pull')).toMatchObject({
      code: 1,
      output: expect.stringContaining('ResourceNotFound.Function'),
    });
  });

  itAfterDeployment('invoke fails if the function fails', async ({ find, run }) => {
    Object.assign(find('pull'), { handler: 'pull.nothing_there' });

    expect(await run('invoke -f pull')).toMatchObject({
      code: 1,
      output: expect.stringContaining('is not a function'),
    });
  });

  it.each(['info', 'invoke -f pull'])('%s fails with the wrong key', (command) =>
    stages.use(deployed, async ({ run }) => {
      expect(await run(command, { TENCENT_SECRET_KEY: 'another-key-example' })).toMatchObject({
        code: 1,
        output: expect.stringContaining('AuthFailure.SignatureFailure'),
      });
    }),
  );

  // One command of this project and one of serverless-tencent-scf; plugin.test.ts has the others.
  it.each(['deploy', 'logs -f pull'])('%s reports missing credentials', (command) =>
    stages.use(deployed, async ({ cloud, run }) => {
      const connections = cloud.connections();

      expect(await run(command, { TENCENT_SECRET_ID: '', TENCENT_SECRET_KEY: '' })).toMatchObject({
        code: 1,
        output: expect.stringContaining('set TENCENT_SECRET_ID and TENCENT_SECRET_KEY'),
      });
      expect(cloud.connections()).toBe(connections);
    }),
  );
});
