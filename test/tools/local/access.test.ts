import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { explainDevOrigins } from '../../../tools/local/access.ts';
import { isLoopbackOrigin } from '../../../tools/local/loopback.ts';
import { useStack } from '../../support/stack-stage.ts';

const LOCAL_ORIGINS = [
  ...['http://localhost:5173', 'https://localhost', 'http://app.localhost:8080'],
  ...['http://127.0.0.1:5173', 'http://127.8.9.1', 'http://[::1]:5173'],
];

const FOREIGN_ORIGINS = [
  ...['null', '', '*', 'http://evil.example', 'https://localhost.evil.example'],
  ...['http://127.0.0.1.evil.example', 'http://evil-localhost', 'http://128.0.0.1:5173'],
  ...['http://[::2]', 'http://10.0.0.1', 'http://192.168.0.2:3000', 'file://', 'ftp://localhost'],
  ...['http://evil.example@localhost', 'http://localhost/', 'http://localhost evil', '//localhost'],
];

describe('isLoopbackOrigin()', () => {
  it.each(LOCAL_ORIGINS)('accepts %s', (origin) => {
    expect(isLoopbackOrigin(origin)).toBe(true);
  });

  it.each(FOREIGN_ORIGINS)('does not accept "%s"', (origin) => {
    expect(isLoopbackOrigin(origin)).toBe(false);
  });
});

describe('explainDevOrigins()', () => {
  it.each([
    ...['', 'http://dev.example.com:5173', 'https://dev.example.com , http://10.0.0.7:8080'],
    ...['capacitor://localhost', 'chrome-extension://abcdefghijklmnop', 'tauri://localhost'],
    ...['http://[fe80::1]:5173'],
  ])('finds nothing wrong with "%s"', (text) => {
    expect(explainDevOrigins(text)).toBeUndefined();
  });

  it.each([
    ...['*', 'null', 'dev.example.com', 'http://dev.example.com/', 'http://dev.example.com/app'],
    ...['https://*.example.com', 'HTTP://dev.example.com', 'http://dev.example.com:80', 'http://'],
    ...['http://user:canary@dev.example.com', 'http://dev.example.com;http://other.example.com'],
  ])('refuses "%s" without quoting it', (text) => {
    expect(explainDevOrigins(`http://dev.example.com:5173,${text}`)).toBe(
      'must be a comma-separated list of exact origins, as http://dev.example.com:5173',
    );
  });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const EMULATOR = '/__vod/vod2.qcloud.com/v3/index.php?Action=ApplyUploadUGC';
const [LOCAL = ''] = LOCAL_ORIGINS;

describe('a stack', () => {
  const stage = useStack();

  async function send(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${stage.stack.origin}${path}`, init);
    const { status, headers } = response;
    return { status, headers, text: await response.text() };
  }

  function preflight(path: string, origin: string, method: string) {
    return send(path, {
      method: 'OPTIONS',
      headers: {
        ...{ origin, 'access-control-request-method': method },
        'access-control-request-headers': 'authorization,content-type',
      },
    });
  }

  /** Sends any `Host`, which `fetch` cannot. */
  function askAs(
    host: string,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<number> {
    const { port } = new URL(stage.stack.origin);
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers: { ...headers, host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .once('error', reject)
        .end();
    });
  }

  it("lets every page on this machine call the functions, with the functions' own CORS headers", async () => {
    for (const origin of LOCAL_ORIGINS) {
      const login = { method: 'POST', headers: { origin }, body: '{}' };
      const { token } = JSON.parse((await send('/__local/token', login)).text);
      const asked = await preflight('/signature', origin, 'POST');
      const answered = await send('/signature', {
        method: 'POST',
        headers: { origin, authorization: `Bearer ${token}` },
        body: '{}',
      });

      expect(asked.status).toBe(204);
      expect(asked.headers.get('access-control-allow-headers')).toMatch(/authorization/i);
      expect(answered.status).toBe(200);
      for (const { headers } of [asked, answered]) {
        expect(headers.get('access-control-allow-origin')).toBe(origin);
        expect(headers.get('access-control-expose-headers')).toContain('X-Request-Id');
        expect(headers.get('vary')).toContain('Origin');
      }
    }
  });

  it('lets such a page read what an app needs, including refusals', async () => {
    const calls = [
      ['GET', '/uploads', 401],
      ['DELETE', '/uploads/01JNONE0000000000000000000', 401],
      ['POST', '/pull', 401],
      ['POST', '/__local/token', 200],
      ['GET', '/__local/info', 200],
      ['GET', '/shim.js', 200],
      ['GET', '/sdk.js', 200],
      ['GET', '/media/none/none.mp4', 404],
      ['POST', EMULATOR, 200],
    ] as const;
    for (const [method, path, status] of calls) {
      const asked = await preflight(path, LOCAL, method);
      const answered = await send(path, { method, headers: { origin: LOCAL } });

      expect([path, asked.status, answered.status]).toEqual([path, 204, status]);
      expect(asked.headers.get('access-control-allow-methods')).toContain(method);
      expect(asked.headers.get('access-control-allow-headers')).toMatch(/authorization/i);
      for (const { headers } of [asked, answered]) {
        expect(headers.get('access-control-allow-origin')).toBe(LOCAL);
      }
    }
    // An answer that was cached without an origin would not be usable for a page.
    expect((await send('/media/none/none.mp4')).headers.get('vary')).toBe('Origin');
  });

  it('allows the other controls only to its own page, under all of its names on this machine', async () => {
    const controls = [
      ...['POST /__local/sweep', 'POST /__local/faults', 'DELETE /__local/faults'],
      ...['POST /__local/speed', 'POST /__local/console-upload', 'GET /__local/events'],
    ].map((control) => control.split(' '));
    for (const [method = '', path = ''] of controls) {
      const { status, headers } = await send(path, { method, headers: { origin: LOCAL } });

      expect([path, status]).toEqual([path, 403]);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
    for (const name of ['localhost', '127.0.0.1', '[::1]']) {
      const origin = `http://${name}:${new URL(stage.stack.origin).port}`;
      const init = { method: 'DELETE', headers: { origin } };
      expect((await fetch(`${origin}/__local/faults`, init)).status).toBe(200);
    }
  });

  const paths = [
    ...['/', '/shim.js', '/sdk.js', '/media/none.mp4', '/signature', '/pull', '/uploads'],
    ...['/callback', '/__local/token', '/__local/info', '/__local/consumer', EMULATOR],
    '/__vod/vod.tencentcloudapi.com/',
  ];

  it('refuses every request from a page of another site', async () => {
    for (const origin of ['null', 'http://evil.example', 'http://localhost.evil.example']) {
      for (const path of paths) {
        for (const { status, headers } of [
          await preflight(path, origin, 'POST'),
          await send(path, { method: 'POST', headers: { origin }, body: '{}' }),
        ]) {
          expect([path, status]).toEqual([path, 403]);
          expect(headers.get('access-control-allow-origin')).toBeNull();
        }
      }
    }
  });

  it('refuses on every path a foreign name that resolves to this machine', async () => {
    for (const path of paths) expect(await askAs('evil.example', path)).toBe(421);
    expect(await askAs('evil.example:80', '/', { origin: 'http://localhost' })).toBe(421);
    expect(await askAs('localhost.evil.example', '/')).toBe(421);
    for (const name of ['localhost.', '127.0.0.1.evil.example', '[::2]', '192.168.0.1:3000']) {
      expect([name, await askAs(name, '/__local/info')]).toEqual([name, 421]);
    }
  });

  it('answers under its own names and those of the cloud, also as a proxy, and under no others', async () => {
    const { host } = new URL(stage.stack.origin);
    const vod = 'vod.tencentcloudapi.com';
    const cases = [
      [host, '/__local/info', 200],
      ['LOCALHOST', '/__local/info', 200],
      ['app.localhost:5173', '/__local/info', 200],
      ['vod2.qcloud.com', '/', 200],
      ['bucket-1.cos.ap-seoul.myqcloud.com', '/', 403],
      [host, `http://${host}/__local/info`, 200],
      [vod, `http://${vod}/`, 200],
      [vod, `http://${vod}:80/`, 200],
      [host, `http://${vod}/`, 200],
      // Names of the cloud that it does not serve, and foreign names.
      ['sts.tencentcloudapi.com', 'http://sts.tencentcloudapi.com/', 421],
      ['evil.example', 'http://evil.example/__local/info', 421],
      [host, 'http://evil.example/__local/info', 421],
      ['evil.example', `http://${host}/__local/info`, 421],
      [host, `http://${host}@evil.example/__local/info`, 421],
    ] as const;
    for (const [name, path, status] of cases) {
      expect([name, path, await askAs(name, path)]).toEqual([name, path, status]);
    }
  });

  it('refuses what a page of another site loads without an Origin header', async () => {
    const load = (path: string, dest: string, mode = 'no-cors', site = 'cross-site') =>
      askAs('localhost', path, {
        ...{ 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest },
      });
    const deletion = '/?Action=DeleteMedia&FileId=1&Signature=x';
    for (const path of [...paths, deletion]) {
      const isShown = /^\/media|\.js$/.test(path);
      expect([path, (await load(path, 'image')) === 403]).toEqual([path, !isShown]);
    }
    expect(await load('/', 'iframe', 'navigate')).toBe(403);
    // A link that a user follows, and what pages on this machine show.
    expect(await load('/', 'document', 'navigate')).toBe(200);
    expect(await load('/__local/info', 'image', 'no-cors', 'same-site')).toBe(200);
    expect(await load('/__local/info', 'empty', 'cors', 'same-origin')).toBe(200);
  });

  it('allows the origins in DEV_ORIGINS, also as host names, and no others', async () => {
    const named = ['http://dev.example.com:5173', 'capacitor://localhost'];
    await stage.restart({ chosen: { DEV_ORIGINS: named.join(', ') } });

    for (const origin of [...named, ...LOCAL_ORIGINS]) {
      const { headers } = await preflight('/signature', origin, 'POST');
      expect(headers.get('access-control-allow-origin')).toBe(origin);
    }
    for (const origin of ['http://dev.example.com', 'https://dev.example.com:5173', 'null']) {
      expect((await preflight('/signature', origin, 'POST')).status).toBe(403);
    }
    // A dev server may pass requests on with its own name.
    const [origin = ''] = named;
    expect(await askAs('dev.example.com:5173', '/__local/info', { origin })).toBe(200);
    expect(await askAs('dev.example.com:5174', '/__local/info', { origin })).toBe(421);
    expect(await askAs('dev.example.com', '/__local/info')).toBe(421);
  });
});
