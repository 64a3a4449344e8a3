import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createEventBus } from '../../../lib/webhooks/event-bridge.ts';
import type { Message } from '../../../lib/webhooks/message.ts';
import { createFindFunction } from '../../../tools/cli/cloud/deployed-functions.ts';
import { DEFAULT_DEPLOYMENT } from '../../../tools/cli/cloud/deployment-options.ts';
import { createVodAccount } from '../../../tools/cli/cloud/vod-account.ts';
import { FUNCTION_NAMES } from '../../../tools/cli/doctor/check-functions.ts';
import { readAppId } from '../../../tools/deploy/cloud/api.ts';
import { createScf } from '../../../tools/deploy/cloud/scf.ts';
import { readPolicyActions, readPolicyFile } from '../../support/cam-policy.ts';
import { connectVod } from '../../support/connect-vod.ts';
import { perTest } from '../../support/per-test.ts';
import { startVodServer, succeed } from '../../support/vod-server.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CREDENTIALS = { secretId: 'AKIDexample', secretKey: 'key', token: undefined };

const server = perTest(() => startVodServer((response) => succeed(response, { TaskId: 'task-1' })));

/** Calls every method of `api`, even if the arguments are wrong, and returns the number of methods. */
async function callEverything(api: object): Promise<number> {
  const methods = Object.values(api).filter((method) => typeof method === 'function');
  for (const method of methods) {
    try {
      await Reflect.apply(method, undefined, [{}, {}, {}, {}]);
    } catch {
      // The answer does not matter here.
    }
  }
  return methods.length;
}

function listActions(service: string): readonly string[] {
  return [...new Set(server.calls.map(({ action }) => `${service}:${action}`))];
}

const api = () => ({ endpoint: server.endpoint, protocol: 'http' }) as const;

describe('the policy of the functions’ role', () => {
  it('allows exactly the calls that the client of VOD and the event bus make', async () => {
    const methods = await callEverything(connectVod(server.endpoint, { subAppId: 1 }));
    const vod = listActions('vod');
    const bus = createEventBus(
      { ...api(), busId: 'eb-1', region: 'ap-singapore', events: ['*'] },
      () => CREDENTIALS,
    );
    const message: Message = {
      id: 'evt_1',
      type: 'vod.NewFileUpload',
      timestamp: '2026-01-01T00:00:00Z',
      data: {},
    };
    await bus.send(message, 1_000);

    // Each method makes one call that no other makes; one without a call would not be compared below.
    expect(vod).toHaveLength(methods);
    // The export of what is pruned makes one kind of request, which its own test sends.
    const all = [...vod, 'eb:PutEvents', 'cos:PutObject'].sort();
    expect(all).toEqual(readPolicyActions('function-role'));
    expect(server.calls.at(-1)?.action).toBe('PutEvents');
  });

  it('covers every client: nothing else in lib or functions creates one', () => {
    const users = ['lib', 'functions'].flatMap((folder) =>
      readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
        .map((file) => `${folder}/${file}`)
        .filter((file) => file.endsWith('.ts'))
        .filter((file) => /createVendorClient\(|vod_client|new CommonClient/.test(read(file))),
    );

    expect(users.sort()).toEqual([
      'lib/vod/client.ts',
      'lib/vod/vendor-client.ts',
      'lib/webhooks/event-bridge.ts',
    ]);
  });

  it('can only be assumed by SCF', () => {
    expect(JSON.parse(readPolicyFile('function-role-trust'))).toEqual({
      version: '2.0',
      statement: [
        {
          effect: 'allow',
          action: ['name/sts:AssumeRole'],
          principal: { service: ['scf.qcloud.com'] },
        },
      ],
    });
  });
});

describe('the deployer’s policy', () => {
  it('allows exactly the calls that deploying, setup and doctor make', async () => {
    const calls = new Set<string>();
    const record = (service: string) => ({
      call: (action: string) => {
        calls.add(`${service}:${action}`);
        return Promise.reject(new Error('Nothing is deployed.'));
      },
    });
    await callEverything(createScf(record('scf')));
    await callEverything({ readAppId: () => readAppId(record('cam')) });
    for (const [, method = ''] of read('tools/deploy/cloud/bucket.ts').matchAll(
      /\bcos\.(\w+)\(/g,
    )) {
      calls.add(`cos:${method[0]?.toUpperCase()}${method.slice(1)}`);
    }
    await callEverything(
      createVodAccount(
        { ...api(), region: undefined, subAppId: 1, pullsPerSecond: 100, callsPerSecond: 80 },
        CREDENTIALS,
      ),
    );
    for (const action of listActions('vod')) calls.add(action);
    // Not a call: only a caller who may pass a role on can give it to a function.
    calls.add('cam:PassRole');

    expect([...calls].sort()).toEqual(readPolicyActions('deployer'));
  });

  it('allows the calls that doctor makes to SCF', async () => {
    const environment = { SCF_API_ENDPOINT: server.endpoint, SCF_API_PROTOCOL: 'http' };
    await createFindFunction(DEFAULT_DEPLOYMENT, CREDENTIALS, environment)('callback');

    const actions = listActions('scf');
    expect(actions).toEqual(['scf:GetFunction', 'scf:ListTriggers']);
    expect(readPolicyActions('deployer')).toEqual(expect.arrayContaining([...actions]));
  });

  it('allows no bucket, role or application with only *', () => {
    const { statement } = JSON.parse(readPolicyFile('deployer'));
    const bare: readonly string[] = statement
      .filter(({ resource }: { resource: readonly string[] }) => resource.includes('*'))
      .flatMap(({ action }: { action: readonly string[] }) => action);

    expect(bare.filter((action) => !action.startsWith('name/scf:')).sort()).toEqual([
      'name/cam:GetUserAppId',
      'name/vod:DescribeSubAppIds',
    ]);
  });
});

describe('the policy of the key that signs uploads', () => {
  it('allows uploads and nothing else', () => {
    // https://cloud.tencent.com/document/product/266/33980 has the first two, .../598/57178 also the others.
    expect(readPolicyActions('upload-key')).toEqual([
      'vod:ApplyUpload',
      'vod:ApplyUploadUGC',
      'vod:CommitUpload',
      'vod:CommitUploadUGC',
    ]);
  });
});

describe('every policy', () => {
  // https://cloud.tencent.com/document/product/266/33972
  const EVERY_APPLICATION = 'qcs::vod::uin/*:subAppId/*';

  it.each(['deployer', 'function-role', 'upload-key'] as const)(
    'allows %s in all applications, including those of tenants',
    (name) => {
      const { statement } = JSON.parse(readPolicyFile(name));
      const resources: readonly string[] = statement.flatMap(
        ({ resource }: { resource: readonly string[] }) => resource,
      );

      expect(resources.filter((resource) => resource.startsWith('qcs::vod:'))).toEqual([
        EVERY_APPLICATION,
      ]);
    },
  );
});

describe('the default addresses of the functions', () => {
  it('are those to which serverless.yml deploys all functions with HTTP', () => {
    const { service, stage, region } = DEFAULT_DEPLOYMENT;
    const file = read('serverless.yml');

    expect(file).toContain(`\nservice: ${service}\n`);
    expect(file).toContain(`stage: \${opt:stage, '${stage}'}`);
    expect(file).toContain(`region: \${opt:region, env:TENCENT_REGION, '${region}'}`);
    const served = [...file.matchAll(/- http: \{ path: \/(\w+), enable: true \}/g)];
    const written = readdirSync(`${ROOT}functions`);
    const names = served.flatMap(([, name]) => (written.includes(`${name}.ts`) ? [name] : []));
    expect(names.sort()).toEqual([...FUNCTION_NAMES].sort());
  });
});

function read(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}
