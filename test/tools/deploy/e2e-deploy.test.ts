import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPolicyActions } from '../../support/cam-policy.ts';
import { CLOUD_ACCOUNT } from '../../support/cloud/account.ts';
import type { CloudState } from '../../support/cloud/cloud-state.ts';
import type { CloudCall } from '../../support/cloud/exchange.ts';
import { type CommandResult, credentialsOf } from '../../support/cloud/project.ts';
import type { FunctionRecord } from '../../support/cloud/scf/function-record.ts';
import { type Invocation, runFunction } from '../../support/cloud/scf/run-function.ts';
import { extranetUrl } from '../../support/cloud/scf/trigger-actions.ts';
import { readZip } from '../../support/cloud/zip.ts';
import { EVENT_SHAPES, type TestRequest } from '../../support/http-events.ts';
import { useRequirement } from '../../support/requirement.ts';
import { signCallback } from '../../support/sign-callback.ts';
import { useDatabases } from '../../support/use-ledger.ts';
import {
  type DeployStage,
  type DeployStages,
  findDeployed,
  listWrites,
  mintToken,
  openDeployStages,
  SECRETS,
} from './deploy-stage.ts';

const HTTP_FUNCTIONS = ['signature', 'pull', 'callback', 'uploads'] as const;
const FUNCTIONS = [...HTTP_FUNCTIONS, 'sweep'] as const;
const BUCKET = `sls-cloudfunction-${CLOUD_ACCOUNT.region}-${CLOUD_ACCOUNT.appId}`;

/** What functions load only when they need it. */
const PARTS = [
  ...['bound-signature', 'database-url', 'ledger'],
  ...['narrow-by-claim', 'settings', 'verify-token'],
];

const CALLERS = ['AUTH_JWT_AUDIENCE', 'AUTH_JWT_SECRET', 'CORS_ORIGINS', 'DATABASE_URL'];
const CONTEXT_KEYS = 'SOURCE_CONTEXT_KEYS';
const API = ['VOD_API_ENDPOINT', 'VOD_API_PROTOCOL', 'VOD_SUB_APP_ID'];
/** An edit that changes what is built of a function. */
const OTHER_CODE = ['functions/callback.ts', /$/, '\nexport const edition = "second";\n'] as const;
/** What each function is told, and nothing else. */
const TOLD: Readonly<Record<(typeof FUNCTIONS)[number], readonly string[]>> = {
  signature: [...[...CALLERS, CONTEXT_KEYS, 'VOD_SECRET_ID', 'VOD_SECRET_KEY', 'VOD_SUB_APP_ID']],
  pull: [...CALLERS, 'PULL_HOSTS', CONTEXT_KEYS, ...API],
  callback: ['CALLBACK_SIGN_KEYS', 'DATABASE_URL', CONTEXT_KEYS, ...API, 'WEBHOOK_ENDPOINTS'],
  uploads: CALLERS,
  sweep: ['DATABASE_URL', CONTEXT_KEYS, ...API, 'WEBHOOK_ENDPOINTS'],
};

// Every test starts programs, waits for a stage, and the machine may be busy.

const databases = useDatabases();
let stages: DeployStages;
let first: CommandResult;
let firstCalls: readonly CloudCall[];
let strangers: readonly string[];
let deployed: CloudState;

const hasOpenssl = useRequirement('openssl');
beforeAll(async () => {
  if (!hasOpenssl) return;
  stages = await openDeployStages(await databases.create());
  await stages.use(stages.emptyAccount, async ({ cloud, run }) => {
    first = await run('deploy');
    firstCalls = [...cloud.calls];
    strangers = [...cloud.strangers];
    deployed = cloud.remember();
  });
});
afterAll(async () => {
  if (!hasOpenssl) return;
  await stages.close();
});

/** Returns a test on a stage of its own, where the first deployment has just ended. */
const afterDeployment = (work: (stage: DeployStage) => Promise<void>) => () =>
  stages.use(deployed, work);

const addressOf = ({ triggers }: FunctionRecord) =>
  triggers.map(extranetUrl).find((url) => url !== undefined);
const addresses = ({ find }: DeployStage) => HTTP_FUNCTIONS.map((key) => addressOf(find(key)));
const nameOf = (key: string) => `vod-upload-dev-${key}`;
const functionNames = ({ cloud }: DeployStage) =>
  [...cloud.state.functions.values()].map(({ name }) => name);
const storedKeys = ({ cloud }: DeployStage) => [
  ...(cloud.state.buckets.get(BUCKET)?.objects.keys() ?? []),
];
/** Puts another archive in the place of a stored one, of the same length, as anyone who may write there can. */
function changeStored({ cloud }: DeployStage, key: string): void {
  const objects = cloud.state.buckets.get(BUCKET)?.objects;
  const object = objects?.get(key);
  if (objects === undefined || object === undefined) throw new RangeError('Nothing is stored');
  const body = Buffer.from(object.body);
  body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
  objects.set(key, { ...object, body });
}
const environmentOf = ({ environment }: FunctionRecord) => Object.fromEntries(environment);
const find = (key: string) => findDeployed(deployed, key);

describe('the first deployment', () => {
  it('stores one archive, then makes each function and its trigger', () => {
    expect(first).toMatchObject({ code: 0 });
    expect(listWrites(firstCalls)).toEqual([
      'cos PutBucket ',
      expect.stringMatching(/^cos PutObject vod-upload-dev-[0-9a-f]{64}\.zip$/),
      ...HTTP_FUNCTIONS.flatMap((key) => [
        `scf CreateFunction ${nameOf(key)}`,
        `scf CreateTrigger ${nameOf(key)} url`,
      ]),
      'scf CreateFunction vod-upload-dev-sweep',
      'scf CreateTrigger vod-upload-dev-sweep every-minute',
    ]);
  });

  it('tells the addresses that the cloud gave', () => {
    for (const key of HTTP_FUNCTIONS) {
      expect(first.output).toContain(`${addressOf(find(key))}/${key}`);
    }
  });

  it('makes functions as serverless.yml says', () => {
    expect(FUNCTIONS.map((key) => find(key))).toMatchObject([
      { handler: 'signature.main_handler', timeout: 5, memorySize: 128, role: '' },
      { handler: 'pull.main_handler', timeout: 60, role: 'VodUpload' },
      { handler: 'callback.main_handler', timeout: 10, role: 'VodUpload' },
      { handler: 'uploads.main_handler', timeout: 10, role: '' },
      { handler: 'sweep.main_handler', timeout: 60, memorySize: 256, role: 'VodUpload' },
    ]);
    for (const key of FUNCTIONS) {
      expect(find(key)).toMatchObject({ status: 'Active', runtime: 'Nodejs20.19' });
    }
  });

  it('opens Function URLs to everybody and a timer, all switched on', () => {
    for (const key of HTTP_FUNCTIONS) {
      const [trigger, ...others] = find(key).triggers;
      expect(others).toEqual([]);
      expect(trigger).toMatchObject({ type: 'http', isOpen: true, qualifier: '$DEFAULT' });
      // Functions answer for CORS themselves; twice the headers would be refused by browsers.
      expect(JSON.parse(trigger?.description ?? '')).toMatchObject({
        AuthType: 'NONE',
        NetConfig: { EnableIntranet: false, EnableExtranet: true },
        CorsConfig: { Enable: false },
      });
    }
    expect(find('sweep').triggers).toMatchObject([
      { type: 'timer', isOpen: true, description: '{"cron":"0 * * * * * *"}' },
    ]);
  });

  it.each(FUNCTIONS)('tells %s what is meant for it, and nothing else', (key) => {
    const told = environmentOf(find(key));

    expect(Object.keys(told).sort()).toEqual([...TOLD[key]].sort());
    for (const name of TOLD[key]) expect(told[name], name).toBe(stages.environment[name]);
  });

  it('keeps every secret out of the bucket and off the screen', () => {
    const objects = [...(deployed.buckets.get(BUCKET)?.objects.values() ?? [])];
    const files = objects.flatMap(({ body }) => readZip(body).map(({ content }) => content));
    const texts = [...objects.map(({ body }) => body), ...files].map((bytes) => bytes.toString());
    const secrets = [
      ...Object.values(SECRETS),
      ...['DATABASE_URL', 'WEBHOOK_ENDPOINTS'].map((name) => stages.environment[name] ?? ''),
      CLOUD_ACCOUNT.key.secretKey,
    ];

    expect(objects).toHaveLength(1);
    for (const secret of secrets) {
      expect(secret).not.toBe('');
      expect([first.output, ...texts].filter((text) => text.includes(secret))).toEqual([]);
    }
  });

  it('talks to the cloud alone', () => {
    expect(strangers).toEqual([]);
  });
});

describe('the archive', () => {
  it('has the bundles, the settings and the licences at its root, without a date or an owner', () => {
    const files = readZip(find('signature').code);

    expect(files.map(({ name }) => name).sort()).toEqual(
      [...FUNCTIONS, ...PARTS]
        .map((name) => `${name}.js`)
        .concat('settings.json', 'THIRD-PARTY-LICENSES.txt')
        .sort(),
    );
    expect(new Set(files.map(({ modified }) => modified))).toHaveProperty('size', 1);
    // Files that everybody may read: https://cloud.tencent.com/document/product/583/9702.
    expect(new Set(files.map(({ mode }) => mode & 0o777))).toEqual(new Set([0o644]));
  });

  describe.each(EVENT_SHAPES)('behind $name', ({ toEvent }) => {
    /** Calls a function, with a token for `scope` where that is given. */
    const call = async (key: string, request: TestRequest, scope?: string) => {
      const authorization = scope === undefined ? {} : await authorize(scope);
      const outcome = await runFunction(find(key), toEvent({ ...request, headers: authorization }));
      return readAnswer(outcome);
    };

    it('issues a signature, and reports its upload', async () => {
      const signed = await call('signature', { body: { classId: 7 } }, 'upload:sign');
      const { signature, uploadId } = signed.json;
      const path = `/uploads/${uploadId}`;
      const shown = await call('uploads', { method: 'GET', path }, 'upload:read');

      expect(signed.status).toBe(200);
      expect(Buffer.from(String(signature), 'base64').subarray(20).toString()).toContain(
        `secretId=${stages.environment['VOD_SECRET_ID']}&`,
      );
      expect(shown).toMatchObject({ status: 200, json: { uploadId, state: 'issued', classId: 7 } });
    });

    it('has VOD pull', async () => {
      const body = { mediaUrl: 'https://media.example.com/film.mp4' };

      expect(await call('pull', { body }, 'upload:pull')).toMatchObject({
        status: 202,
        json: { taskId: 'task-1' },
      });
      expect(stages.vodCalls.at(-1)).toMatchObject({
        action: 'PullUpload',
        headers: { 'x-tc-token': 'role-token-example' },
      });
    });

    it('takes a notification that is proven', async () => {
      const body = {
        EventType: 'MediaCastStatusChanged',
        MediaCastStatusChangedEvent: { CastId: `cast-${randomUUID()}`, Status: 'Working' },
        ...signCallback(SECRETS.CALLBACK_SIGN_KEYS, Math.floor(Date.now() / 1_000) + 600),
      };

      expect(await call('callback', { body })).toMatchObject({ status: 200, json: { code: 0 } });
    });

    it.each(HTTP_FUNCTIONS)('refuses by %s what is not proven', async (key) => {
      const method = key === 'uploads' ? 'GET' : 'POST';

      expect(await call(key, { method, body: {} })).toMatchObject({
        status: 401,
        json: { code: 'unauthorized' },
      });
    });

    it.each(HTTP_FUNCTIONS)('answers a wrong method by %s with an HTTP answer', async (key) => {
      expect(await call(key, { method: 'PATCH' })).toMatchObject({
        status: 405,
        json: { code: 'method_not_allowed' },
      });
    });
  });

  it('does at the timer what is due, with the rights of its role', async () => {
    const event = {
      Type: 'Timer',
      TriggerName: 'every-minute',
      Time: new Date().toISOString(),
      Message: '',
    };

    expect(await runFunction(find('sweep'), event)).toMatchObject({
      ok: true,
      value: { broken: [], errors: {}, outOfTime: false, backlog: { unfinishedUploads: 4 } },
    });
    expect(stages.vodCalls.at(-1)).toMatchObject({
      action: 'SearchMedia',
      headers: { 'x-tc-token': 'role-token-example' },
    });
  });
});

async function authorize(scope: string) {
  return { authorization: `Bearer ${await mintToken(scope)}` };
}

const httpAnswer = v.object({
  ok: v.literal(true),
  value: v.object({ statusCode: v.number(), body: v.string() }),
});

/** Returns what a function answered; fails where that is no HTTP answer with JSON. */
function readAnswer(outcome: Invocation) {
  const { statusCode, body } = v.parse(httpAnswer, outcome).value;
  return { status: statusCode, json: v.parse(v.record(v.string(), v.unknown()), JSON.parse(body)) };
}

describe.concurrent('another deployment', () => {
  it(
    'changes nothing where nothing changed, and says so',
    afterDeployment(async (stage) => {
      const result = await stage.run('deploy');

      expect(result).toMatchObject({ code: 0, output: expect.stringContaining('No changes') });
      expect(listWrites(stage.cloud.calls)).toEqual([]);
    }),
  );

  it(
    'brings other code to every function, once stored, and leaves the rest as it is',
    afterDeployment(async (stage) => {
      const before = addresses(stage);
      await stage.project.edit(...OTHER_CODE);
      const result = await stage.run('deploy');

      expect(result.code, result.output).toBe(0);
      expect(listWrites(stage.cloud.calls)).toEqual([
        expect.stringMatching(/^cos PutObject vod-upload-dev-[0-9a-f]{64}\.zip$/),
        ...FUNCTIONS.flatMap((key) => [
          `scf UpdateFunctionCode ${nameOf(key)}`,
          `scf UpdateFunctionConfiguration ${nameOf(key)}`,
        ]),
      ]);
      expect(addresses(stage)).toEqual(before);
      for (const key of FUNCTIONS) {
        const file = readZip(stage.find(key).code).find(({ name }) => name === 'callback.js');
        expect(file?.content.includes('second')).toBe(true);
        expect(Object.keys(environmentOf(stage.find(key))).sort()).toEqual([...TOLD[key]].sort());
      }
      expect(storedKeys(stage)).toHaveLength(2);
    }),
  );

  it(
    'brings other settings as other code',
    afterDeployment(async (stage) => {
      await stage.project.edit(
        'serverless.yml',
        'policy: {}',
        'policy: { live: { maxSeconds: 14400 } }',
      );
      expect(await stage.run('deploy')).toMatchObject({ code: 0 });

      const settings = readZip(stage.find('pull').code).find(
        ({ name }) => name === 'settings.json',
      );
      expect(JSON.parse(String(settings?.content))).toEqual({
        keys: [],
        policy: { live: { maxSeconds: 14400 } },
        rules: [],
      });
    }),
  );

  it(
    'changes variables of those functions that have them, and takes away what is not set',
    afterDeployment(async (stage) => {
      const change = { CORS_ORIGINS: 'https://other.example.com', PULL_HOSTS: '' };
      const result = await stage.run('deploy', change);

      expect(result.code, result.output).toBe(0);
      expect(listWrites(stage.cloud.calls)).toEqual(
        ['signature', 'pull', 'uploads'].map(
          (key) => `scf UpdateFunctionConfiguration ${nameOf(key)}`,
        ),
      );
      expect(environmentOf(stage.find('pull'))['CORS_ORIGINS']).toBe(change.CORS_ORIGINS);
      expect(environmentOf(stage.find('pull'))).not.toHaveProperty('PULL_HOSTS');
      expect(environmentOf(stage.find('callback'))).not.toHaveProperty('CORS_ORIGINS');
    }),
  );

  it(
    'changes a timer, and no other trigger',
    afterDeployment(async (stage) => {
      await stage.project.edit('serverless.yml', "'0 * * * * * *'", "'0 */5 * * * * *'");
      expect(await stage.run('deploy')).toMatchObject({ code: 0 });

      const writes = listWrites(stage.cloud.calls);
      expect(writes.length).toBeGreaterThan(0);
      expect(writes.every((write) => write.includes(nameOf('sweep')))).toBe(true);
      expect(stage.find('sweep').triggers).toMatchObject([
        { type: 'timer', isOpen: true, description: '{"cron":"0 */5 * * * * *"}' },
      ]);
    }),
  );

  it(
    'deletes a trigger that left the file',
    afterDeployment(async (stage) => {
      await stage.project.edit('serverless.yml', '- http: { path: /uploads, enable: true }', '[]');
      await stage.project.edit('serverless.yml', /events:\n\s+\[\]/, 'events: []');
      expect(await stage.run('deploy')).toMatchObject({ code: 0 });

      expect(listWrites(stage.cloud.calls)).toEqual([`scf DeleteTrigger ${nameOf('uploads')} url`]);
      expect(stage.find('uploads').triggers).toEqual([]);
    }),
  );

  it(
    'deletes a function that left the file',
    afterDeployment(async (stage) => {
      const result = await stage.run('deploy', { DATABASE_URL: '', WEBHOOK_ENDPOINTS: '' });

      expect(result.code, result.output).toBe(0);
      expect(functionNames(stage)).toEqual(HTTP_FUNCTIONS.map(nameOf));
      expect(stage.cloud.state.tags.size).toBe(HTTP_FUNCTIONS.length);
      expect(environmentOf(stage.find('callback'))).not.toHaveProperty('DATABASE_URL');
      expect(result.output).toMatch(/sweep.*DATABASE_URL/);
    }),
  );

  it(
    'puts right what somebody changed by hand, at the same address',
    afterDeployment(async (stage) => {
      const record = stage.find('signature');
      const before = addresses(stage);
      record.memorySize = 256;
      record.triggers = record.triggers.map((trigger) => ({ ...trigger, isOpen: false }));
      expect(await stage.run('deploy')).toMatchObject({ code: 0 });

      expect(stage.find('signature')).toMatchObject({
        memorySize: 128,
        triggers: [{ isOpen: true }],
      });
      expect(addresses(stage)).toEqual(before);
      expect(
        listWrites(stage.cloud.calls).every((write) => write.includes(nameOf('signature'))),
      ).toBe(true);
    }),
  );

  it(
    'keeps the last three archives, and those of other stages',
    afterDeployment(async (stage) => {
      const objects = stage.cloud.state.buckets.get(BUCKET)?.objects;
      const [[key, object] = []] = objects ?? [];
      if (objects === undefined || key === undefined || object === undefined) {
        throw new RangeError('Nothing is stored');
      }
      const old = [1, 2, 3, 4].map((age) => {
        const name = `vod-upload-dev-${String(age).repeat(64)}.zip`;
        objects.set(name, { ...object, lastModified: new Date(Date.now() - age * 86_400_000) });
        return name;
      });
      const others = [
        'vod-upload-dev-eu-x.zip',
        `vod-upload-prod-${'0'.repeat(64)}.zip`,
        'notes.txt',
      ];
      for (const name of others) objects.set(name, object);
      expect(await stage.run('deploy')).toMatchObject({ code: 0 });

      expect(storedKeys(stage).sort()).toEqual([key, ...old.slice(0, 2), ...others].sort());
    }),
  );

  it(
    'keeps stages apart, with temporary credentials, and a private network of which .env tells',
    afterDeployment(async (stage) => {
      await stage.project.add('.env', 'VPC_ID=vpc-example1\nSUBNET_ID=subnet-example1\n');
      const result = await stage.run('deploy --stage prod', credentialsOf(CLOUD_ACCOUNT.temporary));

      expect(result.code, result.output).toBe(0);
      expect(functionNames(stage)).toEqual(
        ['dev', 'prod'].flatMap((name) => FUNCTIONS.map((key) => `vod-upload-${name}-${key}`)),
      );
      expect(listWrites(stage.cloud.calls).some((write) => write.includes('vod-upload-dev'))).toBe(
        false,
      );
      expect(storedKeys(stage)).toHaveLength(2);
      for (const { name, vpc, publicNetwork } of stage.cloud.state.functions.values()) {
        expect(vpc.vpcId, name).toBe(name.includes('-prod-') ? 'vpc-example1' : '');
        // VOD is reached through the internet.
        expect(publicNetwork, name).toBe('ENABLE');
      }
    }),
  );
});

describe.concurrent('with API Gateway', () => {
  it(
    'takes the place of the Function URLs',
    afterDeployment(async (stage) => {
      stage.cloud.configure({ apiGateway: true });
      const result = await stage.run('deploy', { HTTP_TRIGGER: 'apigw' });

      expect(result.code, result.output).toBe(0);
      for (const key of HTTP_FUNCTIONS) {
        const [trigger, ...others] = stage.find(key).triggers;
        expect(others).toEqual([]);
        expect(trigger).toMatchObject({ type: 'apigw', isOpen: true });
        const description = JSON.parse(trigger?.description ?? '');
        expect(description).toMatchObject({
          api: {
            authRequired: 'FALSE',
            isIntegratedResponse: 'TRUE',
            requestConfig: { path: `/${key}` },
          },
        });
        expect(result.output).toContain(description.service.subDomain);
      }
      stage.cloud.forgetCalls();
      expect(await stage.run('deploy', { HTTP_TRIGGER: 'apigw' })).toMatchObject({ code: 0 });
      expect(listWrites(stage.cloud.calls)).toEqual([]);
    }),
  );

  it(
    'says what is wrong where the account has none',
    afterDeployment(async (stage) => {
      const result = await stage.run('deploy', { HTTP_TRIGGER: 'apigw' });

      expect(result).toMatchObject({
        code: 1,
        output: expect.stringMatching(/signature.*CreateTrigger.*UnsupportedOperation\.Trigger/s),
      });
    }),
  );
});

describe.concurrent('the other commands', () => {
  it(
    'info tells what is deployed',
    afterDeployment(async (stage) => {
      const result = await stage.run('info');

      expect(result.code).toBe(0);
      for (const key of FUNCTIONS) expect(result.output).toMatch(new RegExp(`${key} +Active`));
      for (const address of addresses(stage)) expect(result.output).toContain(address);
      expect(listWrites(stage.cloud.calls)).toEqual([]);
    }),
  );

  it(
    'invoke calls the deployed code',
    afterDeployment(async (stage) => {
      const result = await stage.run('invoke -f signature -d {"httpMethod":"PATCH"}');

      expect(result).toMatchObject({
        code: 0,
        output: expect.stringContaining('"statusCode":405'),
      });
      expect(listWrites(stage.cloud.calls)).toEqual([`scf Invoke ${nameOf('signature')}`]);
    }),
  );

  it(
    'deploy function changes that one alone',
    afterDeployment(async (stage) => {
      await stage.project.edit(...OTHER_CODE);
      const result = await stage.run('deploy function -f callback');

      expect(result.code, result.output).toBe(0);
      expect(listWrites(stage.cloud.calls)).toEqual([
        expect.stringContaining('cos PutObject'),
        `scf UpdateFunctionCode ${nameOf('callback')}`,
        `scf UpdateFunctionConfiguration ${nameOf('callback')}`,
      ]);
    }),
  );

  it(
    'rollback brings back the code before',
    afterDeployment(async (stage) => {
      const { code } = stage.find('callback');
      await stage.project.edit(...OTHER_CODE);
      await stage.run('deploy');
      expect(stage.find('callback').code.equals(code)).toBe(false);
      const result = await stage.run('rollback');

      expect(result.code, result.output).toBe(0);
      for (const key of FUNCTIONS) expect(stage.find(key).code.equals(code)).toBe(true);
    }),
  );

  it.each(['deploy', 'rollback'])(
    '%s uses no archive that somebody changed in the bucket',
    (command) =>
      stages.use(deployed, async (stage) => {
        const [stored = ''] = storedKeys(stage);
        await stage.project.edit(...OTHER_CODE);
        expect(await stage.run('deploy')).toMatchObject({ code: 0 });
        const before = FUNCTIONS.map((key) => stage.find(key).code);
        // The code of the first deployment is wanted again, and is another by then.
        if (command === 'deploy') await stage.project.restore();
        changeStored(stage, stored);
        stage.cloud.forgetCalls();
        const result = await stage.run(command);

        expect(result.code, result.output).toBe(1);
        expect(result.output).toContain(`${stored} is not the archive that was stored`);
        expect(result.output).toMatch(/its SHA-256 is [0-9a-f]{64}\./);
        expect(FUNCTIONS.map((key) => stage.find(key).code)).toEqual(before);
        expect(listWrites(stage.cloud.calls).filter((write) => write.startsWith('scf'))).toEqual(
          [],
        );
      }),
  );

  it.each(['logs -f signature', 'metrics'])('%s works', (command) =>
    stages.use(deployed, async ({ cloud, run }) => {
      const result = await run(command);

      expect(result.code, result.output).toBe(0);
      expect(cloud.calls.filter(({ refusal }) => refusal !== undefined)).toEqual([]);
      expect(listWrites(cloud.calls)).toEqual([]);
    }),
  );
});

describe.concurrent('remove', () => {
  it(
    'leaves nothing behind',
    afterDeployment(async (stage) => {
      expect(await stage.run('remove')).toMatchObject({ code: 0 });

      const { functions, buckets, tags } = stage.cloud.state;
      expect([functions.size, buckets.size, tags.size]).toEqual([0, 0, 0]);
      expect(await stage.run('remove')).toMatchObject({
        code: 0,
        output: expect.stringContaining('Nothing to remove'),
      });
    }),
  );

  it(
    'goes on past what is gone already',
    afterDeployment(async (stage) => {
      const { state } = stage.cloud;
      for (const [key, { name }] of state.functions) {
        if (name === nameOf('signature')) state.functions.delete(key);
      }
      stage.find('pull').triggers = [];
      state.buckets.clear();
      expect(await stage.run('remove')).toMatchObject({ code: 0 });

      expect(functionNames(stage)).toEqual([]);
    }),
  );

  it(
    'leaves alone what is not its own',
    afterDeployment(async (stage) => {
      const { functions, buckets } = stage.cloud.state;
      const other = {
        ...stage.find('pull'),
        functionId: 'lam-other',
        name: 'vod-upload-dev-other',
      };
      functions.set('other', other);
      buckets.get(BUCKET)?.objects.set('other-service-dev-1.zip', {
        ...{ body: Buffer.from(''), etag: '"0"', lastModified: new Date(), headers: {} },
      });
      expect(await stage.run('remove')).toMatchObject({ code: 0 });

      expect(functionNames(stage)).toEqual(['vod-upload-dev-other']);
      expect(storedKeys(stage)).toEqual(['other-service-dev-1.zip']);
    }),
  );
});

describe('all commands together', () => {
  /** Those of `serverless logs` and `serverless metrics`, which look and deploy nothing. */
  const LOOKING = ['monitor:GetMonitorData', 'scf:GetFunctionLogs'];

  it('call nothing that the policy of the deployer leaves out', () => {
    const allowed = new Set([...readPolicyActions('deployer'), ...LOOKING]);

    expect(stages.called.size).toBeGreaterThan(LOOKING.length);
    expect([...stages.called].filter((call) => !allowed.has(call))).toEqual([]);
  });
});
