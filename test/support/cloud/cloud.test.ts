import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CLOUD_ACCOUNT } from './account.ts';
import { CREATE, cos, GET, STORE, scf, useCloud } from './cloud-stage.ts';

const { cloud, call } = useCloud();

describe('signatures', () => {
  it.each(['HmacSHA256', 'HmacSHA1', 'TC3-HMAC-SHA256'] as const)(
    'accepts what the vendor signs with %s',
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
    'requires the token of a temporary key, with %s',
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

describe('faults', () => {
  it('affect the calls that they are armed for', async () => {
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

  it('carry out a call whose answer is lost', async () => {
    cloud.faults.arm({ kind: 'lost', service: 'scf', action: 'CreateFunction', times: 1 });
    const [, , created, got] = await call([...STORE, CREATE, GET]);

    expect(created).toBeTypeOf('string');
    expect(got).toMatchObject({ FunctionName: 'hello' });
    expect(cloud.calls.at(-2)).toMatchObject({ action: 'CreateFunction', fault: 'lost' });
  });

  it('carry out a call of whose answer half arrives', async () => {
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
  it('returns a state that can be restored', async () => {
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

  it('redirects requests to other hosts, and records them', async () => {
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

  it('shortens waits, but not time limits', async () => {
    const { stdout } = await node(`
      const before = Date.now();
      const { setTimeout: wait } = require('node:timers/promises');
      const limit = setTimeout(() => console.log('limit'), 60_000);
      wait(1_000).then(() => setTimeout(() => { clearTimeout(limit); console.log('done'); }, 5_000));
    `);

    expect(stdout).toBe('done\n');
  });
});
