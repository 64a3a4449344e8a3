import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../make-folder.ts';
import { useRequirement } from '../requirement.ts';
import { CLOUD_ACCOUNT } from './account.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { writeZip } from './code-zip.ts';
import { startVendor, type Vendor, type VendorCall, type VendorOptions } from './vendor-calls.ts';
import { readZip } from './zip.ts';

const BUCKET = `code-${CLOUD_ACCOUNT.appId}`;
const CODE = writeZip({
  'index.js': `exports.main_handler = async (event, context) => {
    console.log('called');
    return { event, environment: process.env, name: context.function_name, files: require('node:fs').readdirSync('.'),
      left: context.getRemainingTimeInMillis() };
  };`,
});

let cloud: Cloud;
let vendor: Vendor;
const hasOpenssl = useRequirement('openssl');
beforeAll(async () => {
  if (!hasOpenssl) return;
  cloud = await startCloud();
  vendor = startVendor(cloud);
});
afterAll(async () => {
  if (!hasOpenssl) return;
  vendor.close();
  await cloud.close();
});
beforeEach(() => cloud.reset());

const cos = (action: string, parameters: object = {}): VendorCall => ({
  service: 'cos',
  action,
  parameters: { Bucket: BUCKET, ...parameters },
});
const scf = (action: string, parameters: object = {}): VendorCall => ({
  service: 'scf',
  action,
  parameters: { FunctionName: 'hello', ...parameters },
});
const STORE = [
  cos('putBucket'),
  cos('putObject', { Key: 'a.zip', Body: CODE.toString('base64') }),
] as const;
const CREATE = scf('CreateFunction', {
  Code: { CosBucketName: 'code', CosObjectName: '/a.zip' },
  Handler: 'index.main_handler',
  Runtime: 'Nodejs20.19',
  Timeout: 5,
  Environment: { Variables: [{ Key: 'WORD', Value: 'a=b&c d é' }] },
});
const GET = scf('GetFunction');

async function call(calls: readonly VendorCall[], options?: VendorOptions) {
  const outcomes = await vendor.call(calls, options);
  return outcomes.map((outcome) => outcome.refusal ?? outcome.answer);
}

describe('signatures', () => {
  it.each(['HmacSHA256', 'HmacSHA1', 'TC3-HMAC-SHA256'] as const)(
    'takes what the vendor signs with %s',
    async (signMethod) => {
      const [, , created, got] = await call([...STORE, CREATE, GET], { signMethod });

      expect(created).toHaveProperty('RequestId');
      expect(got).toMatchObject({
        FunctionName: 'hello',
        Environment: { Variables: [{ Key: 'WORD', Value: 'a=b&c d é' }] },
      });
      expect(cloud.calls.map(({ signature }) => signature)).toEqual([
        ...['cos', 'cos'],
        ...Array(2).fill(signMethod === 'TC3-HMAC-SHA256' ? 'tc3' : 'v1'),
      ]);
    },
  );

  it.each(['HmacSHA256', 'TC3-HMAC-SHA256'] as const)(
    'wants the token of a temporary key, with %s',
    async (signMethod) => {
      const { token: _, ...withoutToken } = CLOUD_ACCOUNT.temporary;
      const asked = [{ service: 'cam', action: 'ListPolicies' } as const, cos('getService')];

      expect(await call(asked, { signMethod, key: CLOUD_ACCOUNT.temporary })).toEqual([
        expect.objectContaining({ TotalNum: 3 }),
        expect.objectContaining({ Buckets: [] }),
      ]);
      expect(await call(asked, { signMethod, key: withoutToken })).toEqual([
        'AuthFailure.TokenFailure',
        'AccessDenied',
      ]);
      expect(
        await call(asked, { signMethod, key: { ...CLOUD_ACCOUNT.temporary, token: 'other' } }),
      ).toEqual(['AuthFailure.TokenFailure', 'AccessDenied']);
    },
  );

  it.each(['HmacSHA256', 'TC3-HMAC-SHA256'] as const)(
    'refuses another key, with %s',
    async (signMethod) => {
      const asked = [GET, cos('getService')];
      const { key } = CLOUD_ACCOUNT;

      expect(await call(asked, { signMethod, key: { ...key, secretKey: 'other' } })).toEqual([
        'AuthFailure.SignatureFailure',
        'SignatureDoesNotMatch',
      ]);
      expect(await call(asked, { signMethod, key: { ...key, secretId: 'AKIDother' } })).toEqual([
        'AuthFailure.SecretIdNotFound',
        'InvalidAccessKeyId',
      ]);
      expect(cloud.calls.every(({ refusal }) => refusal !== undefined)).toBe(true);
    },
  );
});

describe('storage', () => {
  it('keeps buckets and objects', async () => {
    const outcomes = await call([
      cos('headBucket'),
      ...STORE,
      cos('putBucket'),
      cos('headObject', { Key: 'a.zip' }),
      cos('headObject', { Key: 'b.zip' }),
      cos('putObject', { Key: 'ä b/ü+c.json', Body: Buffer.from('{}').toString('base64') }),
      cos('getBucket', { Prefix: 'ä' }),
      cos('getBucket', { MaxKeys: 1 }),
      cos('deleteBucket'),
      cos('deleteMultipleObject', { Objects: [{ Key: 'a.zip' }, { Key: 'gone' }] }),
      cos('deleteObject', { Key: 'ä b/ü+c.json' }),
      cos('getBucket'),
      cos('deleteBucket'),
      cos('getService'),
    ]);

    expect(outcomes).toMatchObject([
      '404',
      { statusCode: 200 },
      { statusCode: 200 },
      'BucketAlreadyOwnedByYou',
      { headers: { 'content-length': String(CODE.length) } },
      '404',
      { statusCode: 200 },
      { Contents: [{ Key: 'ä b/ü+c.json', Size: '2' }], IsTruncated: 'false' },
      { Contents: [{ Key: 'a.zip' }], IsTruncated: 'true', NextMarker: 'a.zip' },
      'BucketNotEmpty',
      { statusCode: 200 },
      { statusCode: 204 },
      { Contents: [] },
      { statusCode: 204 },
      { Buckets: [] },
    ]);
  });

  it('refuses names of other accounts, and buckets of other regions', async () => {
    expect(await call([{ ...STORE[0], parameters: { Bucket: 'code-1' } }])).toEqual([
      'InvalidArgument',
    ]);
    await call(STORE);
    expect(await call([cos('getBucket')], { region: 'ap-guangzhou' })).toEqual(['NoSuchBucket']);
  });
});

describe('functions', () => {
  it('become active after a while, and take no change before', async () => {
    cloud.configure({ busyReads: 2 });
    const timer = scf('CreateTrigger', {
      ...{ TriggerName: 't', Type: 'timer', TriggerDesc: '0 0 3 * * * *', Enable: 'OPEN' },
    });
    const outcomes = await call([
      ...STORE,
      CREATE,
      timer,
      ...[GET, GET, GET],
      timer,
      scf('UpdateFunctionConfiguration', { MemorySize: 256 }),
      scf('UpdateFunctionCode', { CosBucketName: 'code', CosObjectName: 'a.zip' }),
      ...[GET, GET, GET],
    ]);

    expect(outcomes.slice(3)).toMatchObject([
      'FailedOperation.CreateTrigger',
      { Status: 'Creating' },
      { Status: 'Creating' },
      { Status: 'Active' },
      { TriggerInfo: { TriggerDesc: '{"cron":"0 0 3 * * * *"}', Enable: 1 } },
      { RequestId: expect.any(String) },
      'FailedOperation.UpdateFunctionCode',
      { Status: 'Updating' },
      { Status: 'Updating' },
      { Status: 'Active', MemorySize: 256 },
    ]);
  });

  it('fail where the entry is not at the root of the zip', async () => {
    const zip = writeZip({ 'dist/index.js': 'exports.main_handler = () => 1' });
    const store = cos('putObject', { Key: 'a.zip', Body: zip.toString('base64') });
    const outcomes = await call([STORE[0], store, CREATE, GET, GET]);

    expect(outcomes.at(-1)).toMatchObject({
      Status: 'CreateFailed',
      StatusReasons: [{ ErrorMessage: 'There is no index.js at the root of the zip' }],
    });
  });

  it.each([
    ['a wrong name', { FunctionName: 'ends-with-_' }, 'InvalidParameterValue.FunctionName'],
    [
      'a handler in a folder',
      { Handler: 'dist/index.main_handler' },
      'InvalidParameterValue.Handler',
    ],
    ['an unknown runtime', { Runtime: 'nodejs8' }, 'InvalidParameterValue.Runtime'],
    ['memory between two steps', { MemorySize: 200 }, 'InvalidParameterValue.MemorySize'],
    ['too long a time', { Timeout: 901 }, 'LimitExceeded.Timeout'],
    ['an unknown role', { Role: 'Nobody' }, 'ResourceNotFound.Role'],
    [
      'an unknown object',
      { Code: { CosBucketName: 'code', CosObjectName: '/b.zip' } },
      'InvalidParameterValue.CosObjectName',
    ],
    [
      'an unknown bucket',
      { Code: { CosBucketName: 'other', CosObjectName: '/a.zip' } },
      'InvalidParameterValue.CosBucketName',
    ],
    [
      'a key of the platform',
      variables(['TENCENTCLOUD_X', '1']),
      'InvalidParameterValue.EnvironmentSystemProtect',
    ],
    ['a wrong key', variables(['1X', '1']), 'InvalidParameterValue.Environment'],
    [
      '4 kB of variables',
      variables(['BIG', 'x'.repeat(4_094)]),
      'InvalidParameterValue.EnvironmentExceededLimit',
    ],
  ])('refuse %s', async (_, parameters, refusal) => {
    const wrong = scf('CreateFunction', { ...CREATE.parameters, ...parameters });
    expect((await call([...STORE, wrong])).at(-1)).toBe(refusal);
    expect(cloud.state.functions.size).toBe(0);
  });

  it('are found by their tags', async () => {
    const [, , , got] = await call([...STORE, CREATE, GET]);
    const { FunctionId } = got as { FunctionId: string };
    const resource = `qcs::scf:${CLOUD_ACCOUNT.region}::lam/${FunctionId}`;
    const tag = (action: string, parameters: object): VendorCall => ({
      ...{ service: 'tag', action, parameters },
    });
    const list = (stage: string): VendorCall => ({
      service: 'scf',
      action: 'ListFunctions',
      parameters: {
        Filters: [
          { Name: 'tag-Application', Values: ['app'] },
          { Name: 'tag-Stage', Values: [stage] },
        ],
      },
    });
    const tags = [
      { TagKey: 'Application', TagValue: 'app' },
      { TagKey: 'Stage', TagValue: 'dev' },
    ];
    const outcomes = await call([
      tag('ModifyResourceTags', { Resource: resource, ReplaceTags: tags }),
      tag('ModifyResourceTags', { Resource: 'qcs::scf:x::lam/y', ReplaceTags: tags }),
      tag('DescribeResourceTagsByResourceIds', {
        ...{ ServiceType: 'scf', ResourcePrefix: 'lam', ResourceRegion: CLOUD_ACCOUNT.region },
        ...{ ResourceIds: [FunctionId], Limit: 1000 },
      }),
      list('dev'),
      list('prod'),
    ]);

    expect(outcomes).toMatchObject([
      {},
      'InvalidParameterValue.ResourceDescriptionInvalid',
      { Tags: tags },
      { Functions: [{ FunctionName: 'hello' }], TotalCount: 1 },
      { Functions: [], TotalCount: 0 },
    ]);
  });

  it('run with their own environment and files and nothing else', async () => {
    const invoke = scf('Invoke', { ClientContext: '{"a":1}', LogType: 'Tail' });
    const outcomes = await call([...STORE, CREATE, GET, GET, invoke]);
    const { Result } = outcomes.at(-1) as { Result: { RetMsg: string; Log: string } };

    expect(Result.Log).toBe('called\n');
    const { left, ...returned } = JSON.parse(Result.RetMsg);
    expect(left).toBeGreaterThan(0);
    expect(returned).toEqual({
      event: { a: 1 },
      environment: {
        TENCENTCLOUD_RUNENV: 'SCF',
        USER_CODE_ROOT: expect.any(String),
        WORD: 'a=b&c d é',
      },
      name: 'hello',
      files: ['index.js'],
    });
  });

  it('go with their triggers and tags', async () => {
    const remove = scf('DeleteFunction');
    const outcomes = await call([...STORE, CREATE, GET, GET, remove, GET, remove]);

    expect(outcomes.slice(-2)).toEqual(['ResourceNotFound.Function', 'ResourceNotFound.Function']);
    expect(cloud.state.functions.size).toBe(0);
  });
});

describe('triggers', () => {
  const url = (parameters: object = {}) =>
    scf('CreateTrigger', {
      ...{ TriggerName: 'url', Type: 'http', Qualifier: '$DEFAULT', Enable: 'OPEN' },
      TriggerDesc: JSON.stringify({
        AuthType: 'NONE',
        NetConfig: { EnableIntranet: false, EnableExtranet: true },
      }),
      ...parameters,
    });
  const READY = [...STORE, CREATE, GET, GET];

  it('give a Function URL, one for a version', async () => {
    const outcomes = await call([
      ...READY,
      url(),
      url({ TriggerName: 'second' }),
      scf('ListTriggers'),
      scf('DeleteTrigger', { TriggerName: 'url', Type: 'http' }),
      scf('DeleteTrigger', { TriggerName: 'url', Type: 'http', Qualifier: '$DEFAULT' }),
    ]);
    const { TriggerInfo } = outcomes[5] as { TriggerInfo: { TriggerDesc: string } };

    expect(JSON.parse(TriggerInfo.TriggerDesc)).toMatchObject({
      NetConfig: {
        ExtranetUrl: expect.stringMatching(
          /^https:\/\/1250000009-[0-9a-f]{10}\.ap-singapore\.tencentscf\.com$/,
        ),
      },
    });
    expect(outcomes.slice(6)).toMatchObject([
      'ResourceInUse.Trigger',
      { TotalCount: 1, Triggers: [{ TriggerName: 'url', Qualifier: '$DEFAULT' }] },
      'ResourceNotFound.Trigger',
      {},
    ]);
  });

  it.each([
    ['without AuthType', url({ TriggerDesc: '{}' }), 'InvalidParameterValue.TriggerDesc'],
    ['that is not JSON', url({ TriggerDesc: 'NONE' }), 'InvalidParameterValue.TriggerDesc'],
    ['of no known type', url({ Type: 'cmq' }), 'InvalidParameterValue.Type'],
    [
      'without a cron expression',
      url({ Type: 'timer', TriggerDesc: 'daily' }),
      'InvalidParameterValue.TriggerDesc',
    ],
    ['through API Gateway', url({ Type: 'apigw' }), 'UnsupportedOperation.Trigger'],
  ])('%s are refused', async (_, wrong, refusal) => {
    expect((await call([...READY, wrong])).at(-1)).toBe(refusal);
  });
});

describe('faults', () => {
  it('strike the calls that they are armed for', async () => {
    const { arm } = cloud.faults;
    const refuse = { kind: 'refuse', code: 'InternalError', times: 1 } as const;
    arm({ ...refuse, service: 'scf', action: 'GetFunction', after: 1 });
    arm({ ...refuse, service: 'cos', action: 'PutObject', code: 'AccessDenied' });
    arm({ ...refuse, service: 'scf', action: 'CreateFunction', functionName: 'other' });
    const outcomes = await call([...STORE, STORE[1], GET, GET, CREATE, GET]);

    expect(outcomes).toMatchObject([
      { statusCode: 200 },
      'AccessDenied',
      { statusCode: 200 },
      'ResourceNotFound.Function',
      'InternalError',
      { RequestId: expect.any(String) },
      { FunctionName: 'hello' },
    ]);
    expect(cloud.calls.filter(({ fault }) => fault === 'refuse')).toHaveLength(2);
  });

  it('do what is asked, and the answer is lost', async () => {
    cloud.faults.arm({ kind: 'lost', service: 'scf', action: 'CreateFunction', times: 1 });
    const [, , created, got] = await call([...STORE, CREATE, GET]);

    expect(created).toBeTypeOf('string');
    expect(got).toMatchObject({ FunctionName: 'hello' });
    expect(cloud.calls.at(-2)).toMatchObject({ action: 'CreateFunction', fault: 'lost' });
  });

  it('do what is asked, and half of the answer comes', async () => {
    cloud.faults.arm({ kind: 'half', service: 'cos', action: 'GetObject', times: 1 });
    const [, , got] = await call([...STORE, cos('getObject', { Key: 'a.zip' })]);

    // The storage's client asks again.
    expect(got).toMatchObject({ statusCode: 200 });
    expect(cloud.calls.slice(2)).toMatchObject([
      { action: 'GetObject', fault: 'half' },
      { action: 'GetObject' },
    ]);
  });
});

describe('remember()', () => {
  it('answers what everything can be brought back to', async () => {
    await call([...STORE, CREATE]);
    const kept = cloud.remember();
    await call([cos('deleteObject', { Key: 'a.zip' }), scf('DeleteFunction')]);
    cloud.reset(kept);

    expect(cloud.calls).toEqual([]);
    expect(await call([cos('headObject', { Key: 'a.zip' }), GET, GET])).toMatchObject([
      { statusCode: 200 },
      { Status: 'Creating' },
      { Status: 'Active' },
    ]);
  });
});

describe('redirection', () => {
  const node = (code: string) =>
    promisify(execFile)(process.execPath, ['-e', code], {
      env: { PATH: process.env['PATH'], ...cloud.environment },
    });

  it('leaves no way to anybody else', async () => {
    await node(`
      const http = require('node:http'); const https = require('node:https');
      http.get('http://elsewhere.example.com/x', (r) => r.resume());
      https.get('https://other.example.com/x').on('error', () => {});
      fetch('https://third.example.com/x').catch(() => {});
    `);

    expect(cloud.strangers.toSorted()).toEqual([
      'elsewhere.example.com',
      'other.example.com',
      'third.example.com',
    ]);
  });

  it('lets waits pass faster and time limits not', async () => {
    const { stdout } = await node(`
      const before = Date.now();
      const { setTimeout: wait } = require('node:timers/promises');
      const limit = setTimeout(() => console.log('limit'), 60_000);
      wait(1_000).then(() => setTimeout(() => { clearTimeout(limit); console.log('done'); }, 5_000));
    `);

    expect(stdout).toBe('done\n');
  });
});

describe('readZip()', () => {
  it('reads what other programs write, and refuses what is damaged', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'a.txt'), 'a'.repeat(1_000));
    await promisify(execFile)('zip', ['-q', 'a.zip', 'a.txt'], { cwd: folder });
    const zip = await readFile(join(folder, 'a.zip'));
    await rm(folder, { recursive: true });

    expect(readZip(zip).map(({ name, content }) => [name, content.length])).toEqual([
      ['a.txt', 1_000],
    ]);
    const damaged = Buffer.from(writeZip({ 'a.txt': 'aaaa' }));
    damaged.write('b', damaged.indexOf('aaaa'));
    expect(() => readZip(damaged)).toThrow('a.txt has another checksum');
    expect(() => readZip(zip.subarray(0, -1))).toThrow('does not end as a zip');
  });
});

function variables(...pairs: readonly (readonly [string, string])[]) {
  return { Environment: { Variables: pairs.map(([Key, Value]) => ({ Key, Value })) } };
}
