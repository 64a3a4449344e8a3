import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import COS from 'cos-nodejs-sdk-v5';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { deriveSignKey } from '../../../lib/signing/secrets.ts';
import { startLocalStack } from '../../../tools/local/local-stack.ts';
import { useStack } from '../../support/stack-stage.ts';

const stage = useStack();

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // Tests read answers of many shapes, and fail if one has another shape.
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

async function ask(path: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(`${stage.stack.origin}${path}`, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : {},
  };
}

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function issue(body: unknown = {}) {
  const { json } = await post('/__local/token', { sub: 'user-7' });
  return post('/signature', body, { authorization: `Bearer ${json['token']}` });
}

/** Sends any target and any `Host`, which `fetch` cannot. */
function askRaw(target: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        port: new URL(stage.stack.origin).port,
        path: target,
        headers: { Host: host },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    )
      .once('error', reject)
      .end();
  });
}

describe('the functions', () => {
  it('answer from their built bundles', async () => {
    const { status, json, headers } = await issue();

    expect(status).toBe(200);
    expect(json['signature']).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await readdir(join(stage.dir, 'stack', 'code'))).toContain('signature.js');
  });

  it('have the settings of serverless.yml next to them, as in the cloud', async () => {
    const file = join(stage.dir, 'stack', 'code', 'settings.json');
    expect(await readFile(file, 'utf8')).toBe('{}\n');

    await stage.restart({ custom: { upload: { rules: [], policy: {} } } });

    expect(await readFile(file, 'utf8')).toBe('{"policy":{},"rules":[]}\n');
  });

  it('also answer an API Gateway event', async () => {
    await stage.restart({ trigger: 'apigw' });

    const { status, json } = await issue({ classId: 3 });

    expect(status).toBe(200);
    expect(json['uploadId']).toMatch(/^[0-9A-Z]{26}$/);
  });

  it('are called one request at a time, in as many instances as needed', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => issue()));

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    expect(new Set(answers.map(({ json }) => json['uploadId'])).size).toBe(40);
  });

  it('record each call with the lines that the function logged', async () => {
    const { json } = await issue();

    const calls = stage.stack.activity.since(0).filter(({ type }) => type === 'function');
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      function: 'signature',
      method: 'POST',
      status: 200,
      log: [{ function: 'signature', status: 200, owner: 'user-7', uploadId: json['uploadId'] }],
    });
  });

  it('refuse a request that is larger than the platform accepts', async () => {
    const response = await fetch(`${stage.stack.origin}/signature`, {
      method: 'POST',
      body: Buffer.alloc(6 * 1024 * 1024 + 1),
    }).catch(() => undefined);

    // The connection may close before the client has sent everything.
    expect(response?.status ?? 413).toBe(413);
    expect((await issue()).status).toBe(200);
  });

  it('accept a notification that VOD signed', async () => {
    const t = Math.floor(Date.now() / 1_000) + 600;
    const sign = createHash('md5').update(`${stage.stack.account.signKey}${t}`).digest('hex');

    const good = await post('/callback', { EventType: 'Tomorrow', Sign: sign, T: t });
    const bad = await post('/callback', { EventType: 'Tomorrow', Sign: sign, T: t + 1 });

    expect(good.json).toEqual({ code: 0 });
    expect(bad.status).toBe(401);
  });
});

describe('the function behind the timer', () => {
  it('cannot be called by requests', async () => {
    expect((await ask('/sweep')).status).toBe(404);
    expect((await post('/sweep', {})).status).toBe(404);
  });

  it('is called by the control with a timer’s event, and its summary is returned', async () => {
    const { status, json } = await post('/__local/sweep', {});

    expect(status).toBe(200);
    expect(json).toMatchObject({ steps: { deliveries: { delivered: 0 } }, broken: [] });
    const runs = stage.stack.activity.since(0).filter(({ type }) => type === 'sweep');
    expect(runs).toMatchObject([
      { firedBy: 'hand', failed: false, summary: json, log: [{ function: 'sweep' }] },
    ]);
  });

  it('has its error returned if it gives no summary', async () => {
    await writeFile(join(stage.dir, 'stack', 'code', 'sweep.js'), 'process.exit(1)');

    const { status, json } = await post('/__local/sweep', {});

    expect(status).toBe(502);
    expect(json['detail']).toContain('ended before it answered');
    const [run] = stage.stack.activity.since(0).filter(({ type }) => type === 'sweep');
    expect(run).toMatchObject({ failed: true, summary: { problem: json } });
  });
});

describe('the page', () => {
  it.each([
    ...['/', '/page.css', '/page.js', '/shim.js', '/sdk.js'],
    ...['/docs', '/docs.css', '/docs.js', '/swagger-ui.css', '/swagger-ui.js', '/openapi.json'],
  ])('has %s', async (path) => {
    const { status, headers, text } = await ask(path);

    expect(status).toBe(200);
    expect(text.length).toBeGreaterThan(100);
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
  });

  it('has no other paths', async () => {
    expect((await ask('/nothing')).status).toBe(404);
    expect((await ask('//')).status).toBe(404);
    expect((await ask('/media/../../package.json')).status).toBe(404);
  });
});

describe('the controls', () => {
  it('describe the stack', async () => {
    const { json } = await ask('/__local/info');

    expect(json).toMatchObject({
      secretId: stage.stack.account.secretId,
      secretKey: stage.stack.account.secretKey,
      subAppId: stage.stack.account.subAppId,
      signKey: stage.stack.account.signKey,
      callbackUrl: `${stage.stack.origin}/callback`,
      databaseUrl: stage.stack.databaseUrl,
      media: [],
      applications: [stage.stack.account.subAppId],
    });
    expect(json).not.toHaveProperty('tenants');
  });

  it('list the tenants of serverless.yml, and each of their applications once', async () => {
    const own = stage.stack.account.subAppId;
    const subAppIds = {
      acme: 1_500_000_002,
      home: own,
      globex: 1_500_000_003,
      twin: 1_500_000_002,
    };
    await stage.restart({
      custom: { upload: { policy: { tenants: { claim: 'org', subAppIds } } } },
    });

    const { json } = await ask('/__local/info');
    expect(json['applications']).toEqual([own, 1_500_000_002, 1_500_000_003]);
    expect(json['tenants']).toEqual({ claim: 'org', subAppIds });
    expect(stage.stack.account.otherSubAppIds).toEqual([1_500_000_002, 1_500_000_003]);
    const { signKey } = stage.stack.account;
    expect(json['signKeys']).toEqual({
      [own]: signKey,
      1500000002: deriveSignKey(signKey, 1_500_000_002),
      1500000003: deriveSignKey(signKey, 1_500_000_003),
    });
  });

  it('issue tokens with further claims, which cannot replace the standard ones', async () => {
    const registered = { iss: 'a', sub: 'a', aud: 'a', iat: 1, exp: 1, scope: 'a' };
    const { json } = await post('/__local/token', {
      ...{ sub: 'user-7', scope: 'upload:read', expiresIn: 60 },
      claims: { org: 'acme', vod: { classIds: [7] }, ...registered },
    });
    const { iat = 0, exp, ...claims } = decodeJwt(String(json['token']));

    expect(claims).toEqual({
      ...{ org: 'acme', vod: { classIds: [7] } },
      ...{ sub: 'user-7', scope: 'upload:read', aud: 'vod-upload-local' },
    });
    expect(iat).toBeGreaterThan(1);
    expect(exp).toBe(iat + 60);
  });

  it.each([
    [{ claims: 'org' }, 'claims: must be an object'],
    [{ claims: ['org'] }, 'claims: must be an object'],
    [{ claim: {} }, 'claim'],
  ])('refuse the token request %j and name the field', async (body, detail) => {
    const { status, json } = await post('/__local/token', body);

    expect(status).toBe(400);
    expect(json['detail']).toContain(detail);
  });

  it('issue tokens with other scopes and lives', async () => {
    const { json: other } = await post('/__local/token', { sub: 'a', scope: 'upload:read' });
    const { json: old } = await post('/__local/token', { sub: 'a', expiresIn: -60 });

    const denied = await post('/signature', {}, { authorization: `Bearer ${other['token']}` });
    const late = await post('/signature', {}, { authorization: `Bearer ${old['token']}` });

    expect(denied.status).toBe(403);
    expect(late.status).toBe(401);
  });

  it('arm, list and clear faults', async () => {
    const armed = await post('/__local/faults', { fault: 'failed-part', times: 2 });
    expect(armed.json).toEqual({ armed: [{ fault: 'failed-part', times: 2 }] });

    expect((await ask('/__local/faults')).json).toMatchObject({
      armed: [{ fault: 'failed-part', times: 2 }],
      available: { 'wrong-sign': expect.any(String) },
    });
    expect((await ask('/__local/faults', { method: 'DELETE' })).json).toEqual({ armed: [] });
    expect(stage.stack.faults.armed()).toEqual([]);
  });

  it.each([
    [{ fault: 'no-such-fault' }, 'fault'],
    [{ fault: 'failed-part', times: 0 }, 'times'],
    [{}, 'fault'],
  ])('refuse the fault %j and name the field', async (body, field) => {
    const { status, json } = await post('/__local/faults', body);

    expect(status).toBe(400);
    expect(json['detail']).toContain(field);
  });

  it('set the speed limit, and refuse one of zero', async () => {
    expect((await post('/__local/speed', { bytesPerSecond: 1_000 })).status).toBe(200);
    expect((await ask('/__local/speed')).json).toEqual({ bytesPerSecond: 1_000 });
    expect((await post('/__local/speed', { bytesPerSecond: 0 })).status).toBe(400);
  });

  it('stream activities, from where the listener stopped', async () => {
    await issue();
    await issue();
    const stop = new AbortController();
    const response = await fetch(`${stage.stack.origin}/__local/events`, {
      headers: { 'Last-Event-ID': '1' },
      signal: stop.signal,
    });

    let stream = '';
    for await (const chunk of response.body ?? []) {
      stream += Buffer.from(chunk).toString();
      if (stream.includes('data:')) break;
    }
    stop.abort();

    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(stream).toContain('id: 2\n');
    expect(stream).not.toContain('id: 1\n');
  });

  it('answer only their own page', async () => {
    const { status } = await post('/__local/token', {}, { origin: 'https://evil.example.com' });

    expect(status).toBe(403);
  });
});

describe('the port', () => {
  it('answers only under its own names, against DNS rebinding', async () => {
    expect(await askRaw('/__local/info', 'evil.example.com')).toBe(421);
    expect(await askRaw('/', 'evil.example.com')).toBe(421);
  });

  it('passes requests for the cloud’s hosts to the emulator, by path, by Host and as a proxy', async () => {
    const host = new URL(stage.stack.origin).host;
    const storage = 'vodlocal01-1250000001.cos.ap-seoul.myqcloud.com';

    expect(await askRaw(`/__vod/${storage}/`, host)).toBe(403);
    expect(await askRaw('/', storage)).toBe(403);
    expect(await askRaw(`http://${storage}/`, host)).toBe(403);
    expect(await askRaw('/__vod/unknown.example.com/', host)).toBe(404);
  });

  it('is refused to a second stack with the code EADDRINUSE', async () => {
    const port = Number(new URL(stage.stack.origin).port);

    await expect(startLocalStack({ dir: stage.dir, port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('cos-nodejs-sdk-v5', () => {
  it('puts an object with the credentials of an apply', async () => {
    const { json } = await issue();
    const body = Buffer.from('made by a server');
    const { json: applied } = await post(
      '/__vod/vod2.qcloud.com/v3/index.php?Action=ApplyUploadUGC',
      { signature: json['signature'], videoName: 'a', videoType: 'mp4', videoSize: body.length },
    );
    const { video, storageBucket, storageAppId, storageRegionV5, tempCertificate, vodSessionKey } =
      applied['data'] as {
        video: { storagePath: string };
        storageBucket: string;
        storageAppId: number;
        storageRegionV5: string;
        tempCertificate: { secretId: string; secretKey: string; token: string };
        vodSessionKey: string;
      };
    const cos = new COS({
      SecretId: tempCertificate.secretId,
      SecretKey: tempCertificate.secretKey,
      SecurityToken: tempCertificate.token,
      Protocol: 'http:',
      Ip: new URL(stage.stack.origin).host.replace('localhost', '127.0.0.1'),
      ConfCwd: stage.dir,
    });

    const target = { Bucket: `${storageBucket}-${storageAppId}`, Region: storageRegionV5 };
    await cos.putObject({ ...target, Key: video.storagePath.slice(1), Body: body });
    const { json: committed } = await post(
      '/__vod/vod2.qcloud.com/v3/index.php?Action=CommitUploadUGC',
      { signature: json['signature'], vodSessionKey },
    );

    const { video: stored } = committed['data'] as { video: { url: string } };
    expect(await (await fetch(stored.url)).text()).toBe('made by a server');
  });
});
