import { describe, expect, it, vi } from 'vitest';
import type { SdkModule } from '../../client/sdk.ts';
import { scriptSdk } from './scripted-sdk.ts';
import { refusal } from './scripted-service.ts';
import { fileOf, useUploadStage } from './upload-stage.ts';

const stage = useUploadStage();

const tokens = () => stage.service.calls.map(({ token }) => token);

describe('a token', () => {
  it('is asked for before each request', async () => {
    const fresh = ['token-1', 'token-2'];
    stage.client({ token: () => fresh.shift() }).upload(fileOf());
    await (await stage.transfer()).sign();
    await (await stage.transfer()).sign();

    expect(tokens()).toEqual(['token-1', 'token-2']);
  });

  it('is asked for once more, with the one that was refused', async () => {
    const token = vi.fn(async (refused?: string) => (refused ? 'fresh' : 'stale'));
    stage.service.answerNext('POST', refusal(401, 'unauthorized'));
    const upload = stage.client({ token }).upload(fileOf());
    await stage.pass();

    expect(token.mock.calls).toEqual([[], ['stale']].map((call) => [call[0]]));
    expect(tokens()).toEqual(['stale', 'fresh']);
    expect(upload.state.name).toBe('preparing');
  });

  it('that is a text is sent once', async () => {
    stage.service.answerNext('POST', refusal(401, 'unauthorized'));
    const upload = stage.client().upload(fileOf());
    await stage.pass();

    expect(tokens()).toEqual(['token-1']);
    expect(upload.state).toMatchObject({ name: 'failed', problem: { code: 'unauthorized' } });
  });

  it.each([
    ['nobody is signed in', () => undefined, 'unauthorized'],
    ['the login fails', () => Promise.reject(new Error('no login')), 'token_unavailable'],
  ])('is missing where %s, and nothing is asked without it', async (_, token, code) => {
    const upload = stage.client({ token }).upload(fileOf());
    await stage.pass();

    expect(upload.state).toMatchObject({ name: 'failed', canResume: true, problem: { code } });
    expect(stage.service.calls).toEqual([]);
  });
});

describe('a sign-out in the middle', () => {
  it('holds the upload until somebody has signed in, and the SDK sees nothing of it', async () => {
    let token: string | undefined = 'token-1';
    const upload = stage.client({ token: () => token }).upload(fileOf());
    const transfer = await stage.transfer();
    transfer.store();
    await transfer.sign();
    transfer.progress(60);
    token = undefined;
    const signing = transfer.sign();
    await stage.pass(60_000);

    expect(upload.state).toEqual({
      name: 'failed',
      canResume: true,
      problem: expect.objectContaining({ status: 401, code: 'unauthorized' }),
    });
    expect(transfer.actions).toEqual(['pause task-1']);
    await expect(upload.until('ready')).rejects.toMatchObject({
      problem: { code: 'unauthorized' },
    });

    token = 'token-2';
    upload.resume();

    expect(await signing).toBe('signature-2');
    expect(upload.state).toMatchObject({ name: 'uploading', loaded: 60 });
    expect(transfer.actions).toEqual(['pause task-1', 'restart task-1']);
    expect(stage.sdk.uploads).toHaveLength(1);
  });

  it('while the file is processed ends the questions until somebody has signed in', async () => {
    let token: string | undefined = 'token-1';
    const upload = stage.client({ token: () => token }).upload(fileOf());
    (await stage.transfer()).succeed('file-1');
    await stage.pass();
    token = undefined;
    await stage.pass(1_000);
    expect(upload.state).toMatchObject({ name: 'failed', canResume: true });

    token = 'token-2';
    stage.service.upload = { state: 'uploaded', fileId: 'file-1' };
    upload.resume();
    await stage.pass(1_000);

    expect(upload.state).toMatchObject({ name: 'processing', fileId: 'file-1' });
    expect(stage.sdk.uploads).toHaveLength(1);
  });
});

describe('a refusal of the service', () => {
  it('is the reason of the failure, with all that the service says', async () => {
    const errors = [{ path: 'classId', message: 'is not allowed', rule: 'classIds' }];
    stage.service.answerNext('POST', refusal(403, 'policy_denied', { errors, requestId: 'r-1' }));
    const upload = stage.client().upload(fileOf());
    await stage.pass();

    expect(upload.state).toMatchObject({
      name: 'failed',
      problem: { status: 403, code: 'policy_denied', errors, requestId: 'r-1' },
    });
    expect(stage.sdk.uploads).toEqual([]);
  });

  it.each([
    [refusal(400, 'invalid_request'), false],
    [refusal(409, 'upload_finished'), false],
    [refusal(410, 'upload_pruned'), false],
    [refusal(429, 'quota_exceeded'), true],
    [refusal(500, 'internal'), true],
  ])('in the middle: %j can be overcome: %s', async (answer, canResume) => {
    const upload = stage.client().upload(fileOf());
    const transfer = await stage.transfer();
    await transfer.sign();
    transfer.store();
    stage.service.answerNext('POST', answer);
    void transfer.sign();
    await stage.pass(60_000);

    expect(upload.state).toMatchObject({ name: 'failed', canResume });
    expect(transfer.actions).toEqual([canResume ? 'pause task-1' : 'cancel task-1']);
    upload.resume();
    expect(upload.state.name).toBe(canResume ? 'waiting' : 'failed');
  });

  it('that is no problem document has its status', async () => {
    stage.service.answerNext('POST', { status: 418, body: 'teapot' });
    const upload = stage.client().upload(fileOf());
    await stage.pass();

    expect(upload.state).toMatchObject({
      problem: { status: 418, code: 'http_418', detail: 'The service answered with status 418.' },
    });
  });
});

describe('a service that is busy', () => {
  it('is asked again after the time that it names', async () => {
    const busy = { ...Object(refusal(503, 'ledger_unavailable')), headers: { 'Retry-After': '8' } };
    stage.service.answerNext('POST', busy);
    const upload = stage.client().upload(fileOf());
    await stage.pass(8_000);
    expect(stage.service.calls).toHaveLength(1);
    await stage.pass(1_000);

    expect(stage.service.calls).toHaveLength(2);
    expect(upload.state.name).toBe('preparing');
  });

  it('is asked four times, less and less often, and is then the reason of the failure', async () => {
    stage.service.answerNext('POST', ...Array.from({ length: 4 }, () => 'unreachable' as const));
    const times: number[] = [];
    const began = Date.now();
    const upload = stage.client().upload(fileOf());
    for (let i = 0; i < 100; i += 1) {
      const before = stage.service.calls.length;
      await stage.pass(100);
      if (stage.service.calls.length > before) times.push(Date.now() - began);
    }

    expect(stage.service.calls).toHaveLength(4);
    expect((times[3] ?? 0) - (times[2] ?? 0)).toBeGreaterThan((times[1] ?? 0) - (times[0] ?? 0));
    expect(upload.state).toMatchObject({
      name: 'failed',
      canResume: true,
      problem: { code: 'network_failed' },
    });
  });

  it('is not waited for longer than a person would', async () => {
    const busy = {
      ...Object(refusal(503, 'ledger_unavailable')),
      headers: { 'Retry-After': '60' },
    };
    stage.service.answerNext('POST', busy);
    const upload = stage.client().upload(fileOf());
    await stage.pass();

    expect(upload.state).toMatchObject({ name: 'failed', problem: { retryAfter: 60 } });
  });
});

describe('a failure of the SDK', () => {
  it.each([
    [Object.assign(new Error('invalid signature'), { code: 10004 }), '10004', 'invalid signature'],
    [
      { error: { Code: 'AccessDenied', Message: 'denied' }, statusCode: 403 },
      'AccessDenied',
      'denied',
    ],
    [{ error: 'CORS blocked', statusCode: 0 }, undefined, 'CORS blocked'],
    ['Wrong params', undefined, 'Wrong params'],
    [{}, undefined, 'The SDK gave no reason.'],
    [undefined, undefined, 'The SDK gave no reason.'],
  ])('%o is told with its code and reason', async (error, code, detail) => {
    const upload = stage.client().upload(fileOf());
    (await stage.transfer()).fail(error);
    await stage.pass();

    expect(upload.state).toEqual({
      name: 'failed',
      canResume: true,
      problem: { code: 'transfer_failed', detail, ...(code && { vod: { code } }) },
    });
  });

  it('can be overcome: the same upload begins again from its first byte', async () => {
    const upload = stage.client().upload(fileOf());
    const transfer = await stage.transfer();
    transfer.progress(70);
    transfer.fail('lost');
    await stage.pass();
    upload.resume();
    const next = await stage.transfer();
    next.progress(10);

    expect(upload.state).toMatchObject({ name: 'uploading', loaded: 10 });
    expect(upload.id).toBe('upload-1');
  });

  it('that it keeps to itself, after its last attempt to renew its credentials, is noticed', async () => {
    const upload = stage.client().upload(fileOf());
    const transfer = await stage.transfer();
    const refuse = () => transfer.report('report_apply', { err: new Error('expired') });
    refuse();
    transfer.report('report_apply', { data: {} });
    transfer.store();
    for (let i = 0; i < 3; i += 1) refuse();
    transfer.report('report_apply', { data: {} });
    for (let i = 0; i < 3; i += 1) refuse();
    await stage.pass();
    expect(upload.state.name).toBe('preparing');
    refuse();
    await stage.pass();

    expect(upload.state).toMatchObject({ name: 'failed', problem: { detail: 'expired' } });
    expect(transfer.actions).toContain('cancel task-1');
  });
});

describe('the source of the SDK', () => {
  const { sdk } = scriptSdk();
  it.each<[string, () => SdkModule | Promise<SdkModule>]>([
    ['its class', sdk],
    ['a module', async () => ({ default: sdk() })],
    [
      'a module of a module, as bundlers make of CommonJS',
      async () => ({ default: { default: sdk() } }),
    ],
  ])('may be %s', async (_, source) => {
    const upload = stage.client({ sdk: source }).upload(fileOf());
    await stage.pass();

    expect(upload.state.name).toBe('preparing');
  });

  it.each<[string, () => unknown]>([
    ['fails', () => Promise.reject(new Error('404'))],
    ['has no class', () => ({})],
    ['returns nothing', () => undefined],
  ])('that %s is the reason of the failure', async (_, source) => {
    const upload = stage.client({ sdk: source as () => SdkModule }).upload(fileOf());
    await stage.pass();

    expect(upload.state).toMatchObject({ name: 'failed', problem: { code: 'sdk_unavailable' } });
  });

  it('is not asked before the first upload', async () => {
    const source = vi.fn(sdk);
    const client = stage.client({ sdk: source });
    await stage.pass(1_000);
    expect(source).not.toHaveBeenCalled();
    client.upload(fileOf());
    await stage.pass();

    expect(source).toHaveBeenCalledOnce();
  });
});
