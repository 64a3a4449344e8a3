import { describe, expect, it } from 'vitest';
import { CLOUD_ACCOUNT } from './account.ts';
import { CREATE, cos, GET, STORE, scf, useCloud } from './cloud-stage.ts';
import { writeZip } from './code-zip.ts';
import type { VendorCall } from './vendor-calls.ts';

const { cloud, call } = useCloud();

describe('functions', () => {
  it('become active after a while, and refuse changes before', async () => {
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
    [
      'memory that is not a multiple of 128 MB',
      { MemorySize: 200 },
      'InvalidParameterValue.MemorySize',
    ],
    ['too long a timeout', { Timeout: 901 }, 'LimitExceeded.Timeout'],
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

  it('run with their own environment and files alone', async () => {
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

  it('are deleted once', async () => {
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

  it('give a Function URL, at most one per version', async () => {
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
    ['of an unknown type', url({ Type: 'cmq' }), 'InvalidParameterValue.Type'],
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

function variables(...pairs: readonly (readonly [string, string])[]) {
  return { Environment: { Variables: pairs.map(([Key, Value]) => ({ Key, Value })) } };
}
