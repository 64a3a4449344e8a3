import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { describeProblem, Problem } from '../../../lib/problem.ts';
import { clock } from '../../../lib/system.ts';
import type { VodApiConfig } from '../../../lib/vod/api-config.ts';
import { createVodApi, type VodApi } from '../../../lib/vod/client.ts';
import type { VodCredentials } from '../../../lib/vod/credentials.ts';
import { listen } from '../../support/listen.ts';
import {
  type AnswerVodCall,
  expectedAuthorization,
  refuse,
  startVodServer,
  succeed,
  type VodServer,
} from '../../support/vod-server.ts';

const KEY: VodCredentials = {
  secretId: 'AKIDexample',
  secretKey: 'secret-key-example',
  token: undefined,
};

const servers: VodServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(answer: AnswerVodCall): Promise<VodServer> {
  const server = await startVodServer(answer);
  servers.push(server);
  return server;
}

function connect(
  endpoint: string,
  overrides: Partial<VodApiConfig> = {},
  readCredentials: () => VodCredentials = () => KEY,
): VodApi {
  return createVodApi(
    {
      endpoint,
      protocol: 'http',
      region: undefined,
      subAppId: undefined,
      pullsPerSecond: 100,
      ...overrides,
    },
    {
      readCredentials,
      clock: { ...clock, sleep: async () => {} },
      random: { fraction: () => 0 },
    },
  );
}

async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Problem) return error;
  throw new Error('No Problem was thrown', { cause: error });
}

const acceptPull: AnswerVodCall = (response) => succeed(response, { TaskId: '1500000001-pull-1' });

describe('createVodApi()', () => {
  it('signs pulls with any text, key and application', async () => {
    const server = await serve(acceptPull);
    const vod = connect(server.endpoint, { subAppId: 1_500_000_001, region: 'ap-singapore' });
    const request = {
      MediaUrl: 'https://media.example.com/a.mp4?token=x&y=%20',
      MediaName: '한글 中文 "quoted" \u2028 \\ 🎬',
      SessionId: 'session-1',
      TasksPriority: -10,
    };

    const outcome = await vod.pullUpload(request);

    expect(outcome).toEqual({
      kind: 'accepted',
      taskId: '1500000001-pull-1',
      requestId: 'request-1',
    });
    const [call] = server.calls;
    if (call === undefined) throw new Error('Nothing was called');
    expect(call.action).toBe('PullUpload');
    expect(call.parameters).toEqual({ ...request, SubAppId: 1_500_000_001 });
    expect(call.headers).toMatchObject({
      'x-tc-version': '2018-07-17',
      'x-tc-region': 'ap-singapore',
      authorization: expectedAuthorization(call, KEY.secretId, KEY.secretKey),
    });
    expect(call.headers).not.toHaveProperty('x-tc-token');
  });

  it('sends no application and no region if none is configured', async () => {
    const server = await serve(succeed);

    await connect(server.endpoint).describeStorageRegions();

    expect(server.calls[0]?.parameters).toEqual({});
    expect(server.calls[0]?.headers).not.toHaveProperty('x-tc-region');
  });

  it('calls an endpoint with a path', async () => {
    const server = await serve(acceptPull);
    const vod = connect(`${server.endpoint}/__vod/vod.tencentcloudapi.com`);

    await vod.describeTaskDetail({ TaskId: 'task-1' });

    expect(server.calls[0]?.path).toBe('/__vod/vod.tencentcloudapi.com/');
  });

  it('returns what VOD describes', async () => {
    const server = await serve((response, { action, parameters }) =>
      succeed(response, { Action: action, Parameters: parameters }),
    );
    const vod = connect(server.endpoint, { subAppId: 7 });

    await expect(vod.describeTaskDetail({ TaskId: 'task-1' })).resolves.toMatchObject({
      Action: 'DescribeTaskDetail',
      Parameters: { TaskId: 'task-1', SubAppId: 7 },
    });
    await expect(vod.describeStorageRegions()).resolves.toMatchObject({
      Action: 'DescribeStorageRegions',
      Parameters: { SubAppId: 7 },
    });
    await expect(vod.describeMediaInfos({ FileIds: ['1'] })).resolves.toMatchObject({
      Action: 'DescribeMediaInfos',
      Parameters: { FileIds: ['1'], SubAppId: 7 },
    });
  });

  it('signs every call with the current credentials', async () => {
    const server = await serve(acceptPull);
    let generation = 1;
    const vod = connect(server.endpoint, {}, () => ({
      secretId: `AKIDrole${generation}`,
      secretKey: `role-key-${generation}`,
      token: `role-token-${generation}`,
    }));

    await vod.pullUpload({ MediaUrl: 'https://media.example.com/a.mp4', SessionId: 's-1' });
    generation = 2;
    await vod.pullUpload({ MediaUrl: 'https://media.example.com/b.mp4', SessionId: 's-2' });

    expect(server.calls.map(({ headers }) => headers['x-tc-token'])).toEqual([
      'role-token-1',
      'role-token-2',
    ]);
    const [first, second] = server.calls;
    if (first === undefined || second === undefined) throw new Error('Too few calls');
    expect(first.headers.authorization).toBe(
      expectedAuthorization(first, 'AKIDrole1', 'role-key-1'),
    );
    expect(second.headers.authorization).toBe(
      expectedAuthorization(second, 'AKIDrole2', 'role-key-2'),
    );
  });

  it('throws the error of reading the credentials, and sends nothing', async () => {
    const server = await serve(acceptPull);
    const missing = new Error('no credentials');
    const vod = connect(server.endpoint, {}, () => {
      throw missing;
    });

    await expect(vod.describeStorageRegions()).rejects.toBe(missing);
    expect(server.calls).toHaveLength(0);
  });

  it('uses TLS unless http is configured', async () => {
    const server = createServer((socket) => {
      socket.once('data', (bytes) => {
        hello.push(bytes[0]);
        socket.destroy();
      });
    });
    const hello: unknown[] = [];
    const { host, close } = await listen(server);

    const problem = await problemOf(connect(host, { protocol: 'https' }).describeStorageRegions());

    await close();
    expect(problem.code).toBe('upstream_failed');
    // https://www.rfc-editor.org/rfc/rfc8446#section-5.1: a record of type handshake.
    expect(hello).toEqual([22, 22, 22]);
  });

  it('returns that VOD already knows a session', async () => {
    const server = await serve((response) => refuse(response, 'InvalidParameterValue.SessionId'));

    const outcome = await connect(server.endpoint).pullUpload({
      MediaUrl: 'https://media.example.com/a.mp4',
      SessionId: 's-1',
    });

    expect(outcome).toEqual({ kind: 'duplicate', requestId: 'request-2' });
    expect(server.calls).toHaveLength(1);
  });

  it('recognizes a pull whose answer was lost', async () => {
    const server = await serve((response) => {
      if (server.calls.length === 1) response.destroy();
      else refuse(response, 'InvalidParameterValue.SessionId');
    });

    const outcome = await connect(server.endpoint).pullUpload({
      MediaUrl: 'https://media.example.com/a.mp4',
      SessionId: 's-1',
    });

    expect(outcome.kind).toBe('duplicate');
    expect(server.calls.map(({ parameters }) => parameters['SessionId'])).toEqual(['s-1', 's-1']);
  });

  it('removes secrets and URLs that a refusal quotes', async () => {
    const server = await serve((response, { text, headers }) =>
      refuse(
        response,
        'InvalidParameterValue.MediaUrl',
        `${text} ${headers.authorization} ${headers['x-tc-token']}`,
      ),
    );
    const vod = connect(server.endpoint, {}, () => ({ ...KEY, token: 'session-token-example' }));

    const problem = await problemOf(
      vod.pullUpload({
        MediaUrl: 'https://media.example.com/a.mp4?signature=canary',
        SessionId: 's-1',
      }),
    );

    expect(describeProblem(problem, 'invocation-1')).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Content',
      status: 422,
      code: 'upstream_rejected',
      detail: 'VOD refused the call with InvalidParameterValue.MediaUrl.',
      errors: [{ path: 'mediaUrl', message: 'is not a URL that VOD can pull' }],
      vod: { code: 'InvalidParameterValue.MediaUrl', requestId: 'request-2' },
      requestId: 'invocation-1',
    });
    expect(problem.cause).toBeUndefined();
  });

  it('fails on an answer without a task', async () => {
    const server = await serve(succeed);

    const problem = await problemOf(
      connect(server.endpoint).pullUpload({ MediaUrl: 'https://m.example.com/', SessionId: 's' }),
    );

    expect(problem.code).toBe('upstream_failed');
  });

  it('reuses its connection for consecutive calls', async () => {
    const server = await serve(succeed);
    const vod = connect(server.endpoint);

    for (let i = 0; i < 60; i += 1) await vod.describeTaskDetail({ TaskId: 'task-1' });

    expect(server.connections()).toBe(1);
  });

  it('opens a connection for each concurrent call and keeps it', async () => {
    const server = await serve(succeed);
    const vod = connect(server.endpoint);
    const callEight = () =>
      Promise.all(Array.from({ length: 8 }, () => vod.describeTaskDetail({ TaskId: 'task-1' })));

    for (let i = 0; i < 8; i += 1) await callEight();

    expect(server.connections()).toBe(8);
  });

  it('keeps its connection during a pause that ends those of the default agent', async () => {
    const server = await serve(succeed);
    const vod = connect(server.endpoint);

    await vod.describeTaskDetail({ TaskId: 'task-1' });
    await setTimeout(6_000);
    await vod.describeTaskDetail({ TaskId: 'task-1' });

    expect(server.connections()).toBe(1);
  });

  it('times out early enough for the function to answer', async () => {
    const server = await serve(() => {});
    const startedAt = performance.now();
    const deadline = { left: () => startedAt + 1_100 - performance.now() };

    const problem = await problemOf(connect(server.endpoint).describeStorageRegions({ deadline }));

    expect(problem.code).toBe('upstream_timeout');
    expect(deadline.left()).toBeGreaterThan(0);
  });

  it('throws the reason of the signal', async () => {
    const server = await serve(() => controller.abort(reason));
    const controller = new AbortController();
    const reason = new Error('the caller went away');

    await expect(
      connect(server.endpoint).describeStorageRegions({ signal: controller.signal }),
    ).rejects.toBe(reason);
  });
});
