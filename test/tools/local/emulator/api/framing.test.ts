import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readCloudRequest } from '../../../../../tools/local/cloud-address.ts';
import { perTest } from '../../../../support/per-test.ts';
import { openApiStage, refusalOf } from './api-stage.ts';

const stage = perTest(() => openApiStage());

const reports = () => stage.activity.since(0).filter(({ type }) => type === 'api');

/** Posts a request that no SDK would send. */
async function post(headers: Record<string, string>, body: string, path = '/') {
  const response = await fetch(`http://${stage.host}${path}`, { method: 'POST', headers, body });
  const { Response } = (await response.json()) as {
    Response: { Error?: { Code: string; Message: string }; RequestId: string };
  };
  const contentType = response.headers.get('Content-Type');
  return { status: response.status, contentType, ...Response };
}

describe('a request', () => {
  it('is answered with a new id, and recorded under it', async () => {
    const { RequestId } = await stage.client.DescribeEventConfig({});

    expect(RequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(reports()).toMatchObject([{ action: 'DescribeEventConfig', requestId: RequestId }]);
    expect(reports()[0]).not.toHaveProperty('code');
  });

  it.each([
    ['POST', 'TC3-HMAC-SHA256'],
    ['GET', 'TC3-HMAC-SHA256'],
    ['POST', 'HmacSHA256'],
    ['GET', 'HmacSHA256'],
    ['POST', 'HmacSHA1'],
    ['GET', 'HmacSHA1'],
  ] as const)(
    'is accepted as %s with %s, with its numbers, lists and structures',
    async (reqMethod, signMethod) => {
      const client = stage.createClient({ signMethod, http: { reqMethod } });
      const { SubAppIdInfoSet } = await client.DescribeSubAppIds({ Limit: 3 });

      const described = await client.DescribeMediaInfos({
        SubAppId: stage.account.subAppId,
        FileIds: ['1', '2'],
      });
      const tasks = await client.DescribeTasks({ Sort: { Field: 'CreateTime', Order: 'Asc' } });

      expect(SubAppIdInfoSet).toMatchObject([{ SubAppId: stage.account.subAppId, Status: 'On' }]);
      expect(described.NotExistFileIdSet).toEqual(['1', '2']);
      expect(tasks.TaskSet).toEqual([]);
    },
  );

  it.each(['TC3-HMAC-SHA256', 'HmacSHA256'] as const)(
    'is accepted below the path of a cloud host, with %s',
    async (signMethod) => {
      const endpoint = `${stage.host}/__vod/vod.tencentcloudapi.com`;
      const client = stage.createClient({ signMethod, http: { endpoint } });

      expect(await client.DescribeEventsState({})).toMatchObject({ CountOfEventsToPull: 0 });
    },
  );

  it("is accepted with a role's temporary credentials, but only with their token", async () => {
    const { role } = stage.account;
    const { secretId, secretKey } = role;
    const good = stage.createClient({ credential: { ...role, token: role.token ?? '' } });
    const without = stage.createClient({ credential: { secretId, secretKey } });
    const other = stage.createClient({ credential: { secretId, secretKey, token: 'other' } });

    expect(await good.DescribeEventsState({})).toMatchObject({ CountOfEventsToPull: 0 });
    for (const client of [without, other]) {
      expect(await refusalOf(client.DescribeEventsState({}))).toMatchObject({
        code: 'AuthFailure.TokenFailure',
      });
    }
  });
});

describe('the route to the API', () => {
  const read = (method: string, url: string, headers: Record<string, string>) => {
    const incoming = new IncomingMessage(new Socket());
    Object.assign(incoming, { method, url, headers });
    return readCloudRequest(incoming, new ServerResponse(incoming));
  };
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const signed = '/?Action=PullEvents&Signature=x';

  it.each([
    ['POST', '/', { host: 'localhost:3000', 'x-tc-action': 'PullEvents' }],
    ['GET', '/?Limit=1', { host: '127.0.0.1:3000', 'x-tc-action': 'PullEvents' }],
    ['POST', '/', { host: 'localhost:3000', ...form }],
    ['GET', signed, { host: 'localhost:3000' }],
    ['POST', '/', { host: 'vod.tencentcloudapi.com' }],
    ['POST', '/__vod/vod.tencentcloudapi.com/', { host: 'localhost:3000' }],
    ['POST', 'http://vod.tencentcloudapi.com/', { host: 'localhost:3000' }],
    ['POST', 'http://localhost:3000/', { host: 'localhost:3000', 'x-tc-action': 'PullEvents' }],
    ['POST', 'http://localhost:3000', { host: 'localhost:3000', 'x-tc-action': 'PullEvents' }],
  ])('is used for %s %s with %j', (method, url, headers) => {
    expect(read(method, url, headers)?.host).toBe('vod.tencentcloudapi.com');
  });

  it.each([
    ['GET', '/', { host: 'localhost:3000' }],
    ['POST', '/pull', { host: 'localhost:3000', ...form }],
    ['POST', '/', { host: 'localhost:3000', 'content-type': 'application/json' }],
    ['POST', '/', { host: 'evil.example.com', 'x-tc-action': 'PullEvents' }],
    ['GET', signed, { host: 'evil.example.com' }],
    ['POST', 'http://localhost:3000/pull', { host: 'localhost:3000' }],
    ['POST', 'http://evil.example.com/', { host: 'localhost:3000', 'x-tc-action': 'PullEvents' }],
  ])('is not used for %s %s with %j', (method, url, headers) => {
    expect(read(method, url, headers)).toBeUndefined();
  });
});

describe('a refusal', () => {
  it('is returned for a wrong key, and its reason is recorded', async () => {
    const { secretId } = stage.account;
    const client = stage.createClient({ credential: { secretId, secretKey: 'wrong' } });

    const { code } = await refusalOf(client.DescribeEventConfig({}));

    expect(code).toBe('AuthFailure.SignatureFailure');
    expect(reports()).toMatchObject([{ action: 'DescribeEventConfig', code }]);
  });

  it.each(['TC3-HMAC-SHA256', 'HmacSHA1'] as const)(
    'is returned for an unknown key with %s',
    async (signMethod) => {
      const credential = { secretId: 'AKIDother', secretKey: stage.account.secretKey };
      const client = stage.createClient({ credential, signMethod });

      expect(await refusalOf(client.DescribeEventConfig({}))).toMatchObject({
        code: 'AuthFailure.SecretIdNotFound',
      });
    },
  );

  it.each([301, -301])('is returned for a clock that is %i seconds off', async (seconds) => {
    // The request is sent less than a second after the clock is moved.
    stage.passSeconds(seconds + Math.sign(seconds));

    expect(await refusalOf(stage.client.DescribeEventConfig({}))).toMatchObject({
      code: 'AuthFailure.SignatureExpire',
    });
  });

  it('is returned for another application, but not for the own one', async () => {
    expect(await refusalOf(stage.client.DescribeEventConfig({ SubAppId: 7 }))).toMatchObject({
      code: 'InvalidParameterValue.SubAppId',
    });
    const own = await stage.client.DescribeEventConfig({ SubAppId: stage.account.subAppId });
    expect(own.Mode).toBe('PUSH');
  });

  it('is returned for an action that the emulator does not have', async () => {
    expect(await refusalOf(stage.client.ComposeMedia({} as never))).toMatchObject({
      code: 'InvalidAction',
      message: expect.stringContaining('ComposeMedia'),
    });
  });

  it.each([
    ['a missing parameter', {}, 'MissingParameter', 'TaskId'],
    ['an unknown parameter', { TaskId: '1-pull-a', Other: 1 }, 'UnknownParameter', 'Other'],
    ['a parameter of another type', { TaskId: 7 }, 'InvalidParameter', 'TaskId'],
  ])('names the parameter if there is %s', async (_name, parameters, code, name) => {
    expect(await refusalOf(stage.client.DescribeTaskDetail(parameters as never))).toEqual({
      code,
      message: expect.stringContaining(name),
    });
  });

  it('has status 200 for all malformed requests', async () => {
    const unsigned = await post({ 'X-TC-Action': 'DescribeEventConfig' }, '{}');
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const nothing = await post(form, '');
    const halfSigned = await post(form, 'Action=PullEvents');

    expect(unsigned).toMatchObject({
      status: 200,
      // The vendor's Python client reads an error only from an answer of exactly this type.
      contentType: 'application/json',
      Error: { Code: 'AuthFailure.InvalidAuthorization' },
      RequestId: expect.any(String),
    });
    expect(nothing).toMatchObject({ status: 200, Error: { Code: 'MissingParameter' } });
    expect(halfSigned).toMatchObject({
      status: 200,
      Error: { Message: expect.stringContaining('SecretId') },
    });
  });

  it('is returned for a body that is larger than the API accepts', async () => {
    const body = 'x'.repeat(10 * 1024 * 1024 + 1);

    expect(await post({ 'X-TC-Action': 'PullEvents' }, body)).toMatchObject({
      Error: { Code: 'RequestSizeLimitExceeded' },
    });
  });
});

describe('a fault', () => {
  it.each([
    ['request-limit-exceeded', 'RequestLimitExceeded'],
    ['internal-error', 'InternalError'],
  ] as const)('%s refuses one request', async (fault, code) => {
    stage.faults.arm(fault);

    expect(await refusalOf(stage.client.DescribeEventConfig({}))).toMatchObject({ code });
    expect(await stage.client.DescribeEventConfig({})).toMatchObject({ Mode: 'PUSH' });
  });

  it('api-down closes the connection before it reads anything, as often as it is armed', async () => {
    stage.faults.arm('api-down', 2);
    const call = () => refusalOf(stage.client.CreateClass({ ParentId: -1, ClassName: 'sports' }));

    expect([await call(), await call()]).toMatchObject([
      { message: expect.stringMatching(/socket hang up|ECONNRESET/) },
      { message: expect.stringMatching(/socket hang up|ECONNRESET/) },
    ]);
    expect(reports()).toEqual([]);
    expect((await stage.client.DescribeAllClass({})).ClassInfoSet).toHaveLength(1);
  });

  it('lost-api-answer executes the request and closes the connection without an answer', async () => {
    stage.faults.arm('lost-api-answer');

    const lost = await refusalOf(stage.client.CreateClass({ ParentId: -1, ClassName: 'sports' }));

    expect(lost.code).toBeFalsy();
    const { ClassInfoSet } = await stage.client.DescribeAllClass({});
    expect(ClassInfoSet?.map(({ Name }) => Name)).toContain('sports');
  });

  it('api-timeout does not execute the request and does not answer', async () => {
    stage.faults.arm('api-timeout');
    const given = new AbortController();
    const struck = stage.next(({ type }) => type === 'fault');
    const call = stage.client.CreateClass({ ParentId: -1, ClassName: 'sports' }, {
      signal: given.signal,
    } as never);
    const refused = refusalOf(call);

    await struck;
    given.abort();
    await refused;

    const { ClassInfoSet } = await stage.client.DescribeAllClass({});
    expect(ClassInfoSet?.map(({ Name }) => Name)).toEqual(['Other']);
  });
});
