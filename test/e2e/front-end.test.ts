import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { listBlocks } from '../documents/documents.ts';
import { happens, seen } from '../support/activities.ts';
import { launchChromium } from '../support/chromium.ts';
import { makeBytes } from '../support/made-file.ts';
import { useBrowserStage } from './browser-stage.ts';
import {
  type AppServer,
  DOCUMENTED_ORIGIN,
  readBlocks,
  serveFiles,
  serveWithVite,
  writeApp,
} from './documented-app.ts';

const stage = useBrowserStage(() => ({ emulator: { attemptWaits: [0, 20, 20] } }));
let app: AppServer | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

const toStack = (text: string) => text.replaceAll(DOCUMENTED_ORIGIN, stage.stack.origin);

/** Uses the SDK from `window`, as the document says for pages without a bundler. */
function withoutBundler(text: string): string {
  const taken = readBlocks().get('in the place of the import in src/upload.js') ?? '';
  return text.replace(/^import TcVod from .+\n/m, taken);
}

async function writeFor(change: (text: string, path: string) => string): Promise<string> {
  const folder = await mkdtemp(join(stage.dir, 'app-'));
  await writeApp(folder, change);
  return folder;
}

async function openApp(url: string, browser: Browser = stage.browser): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  return page;
}

async function choose(page: Page): Promise<void> {
  const buffer = makeBytes({ name: 'film.mp4', bytes: 100_000, seed: 11 });
  await page.setInputFiles('#file', { name: 'film.mp4', mimeType: 'video/mp4', buffer });
}

const stateOf = (page: Page) => page.evaluate<string>("document.querySelector('#state').value");

async function expectReady(page: Page): Promise<void> {
  await choose(page);
  await expect.poll(() => stateOf(page)).toBe('ready');
  const ready = await happens(
    stage.stack,
    'webhook',
    ({ eventType }) => eventType === 'upload.ready',
  );
  expect(ready.data).toMatchObject({ owner: 'user-42', sourceContext: 'lesson 7' });
}

describe('the documented app', () => {
  it.each(['localhost', '127.0.0.1', '[::1]', 'app.localhost'])(
    'uploads from a static server at %s, without a proxy',
    async (host) => {
      app = await serveFiles(await writeFor((text) => withoutBundler(toStack(text))));

      await expectReady(await openApp(`http://${host}:${app.port}/plain.html`));
    },
  );

  it('uploads from Vite without a proxy, with the SDK as a package', async () => {
    app = await serveWithVite(await writeFor(toStack), false);

    await expectReady(await openApp(`http://127.0.0.1:${app.port}/`));
  });

  it.each([
    ['of the stack, as Vite writes it', toStack],
    // Other dev servers do this, and Vite if it is configured so.
    ['of the app, unchanged', (text: string) => leaveHost(toStack(text))],
  ])('uploads through the proxy of Vite, with the Host %s', async (_, configure) => {
    const folder = await writeFor((text, path) =>
      path === 'vite.config.js' ? configure(text) : text.replaceAll(DOCUMENTED_ORIGIN, ''),
    );
    app = await serveWithVite(folder, join(folder, 'vite.config.js'));
    const page = await openApp(`http://127.0.0.1:${app.port}/`);
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(`http://127.0.0.1:${app?.port}/`))
        elsewhere.push(request.url());
    });

    await expectReady(page);

    expect(elsewhere).toEqual([]);
  });

  it("shows the function's own message when it refuses", async () => {
    const folder = await writeFor((text) =>
      withoutBundler(toStack(text)).replace('upload:sign upload:read', 'upload:read'),
    );
    app = await serveFiles(folder);
    const page = await openApp(`http://localhost:${app.port}/plain.html`);

    await choose(page);

    await expect.poll(() => stateOf(page)).toContain('upload:sign');
  });
});

/** Returns the configuration with a proxy that does not change `Host`. */
function leaveHost(config: string): string {
  return config.replace(/'(http:\/\/localhost:\d+)'/, "{ target: '$1', changeOrigin: false }");
}

describe('the snippet of the README without the package', () => {
  /** Returns the snippet in an app, with the parts that the reader has to fill in. */
  function fillIn(scope: string): string {
    const blocks = listBlocks('README.md').filter(({ language }) => language === 'js');
    const snippet = blocks.find(({ text }) => text.includes('new TcVod('))?.text ?? '';
    return `
      const TcVod = window.TcVod.default;
      const file = new File([new Uint8Array(9)], 'film.mp4');
      const { token } = await (await fetch('${DOCUMENTED_ORIGIN}/__local/token', {
        method: 'POST', body: JSON.stringify({ scope: '${scope}' }),
      })).json();
      window.told = new Promise((told) => {
        ${snippet
          .replace('https://<your function>', DOCUMENTED_ORIGIN)
          .replace('console.log(fileId)', 'told({ fileId })')
          .replace('console.error(message, problem)', 'told({ message, problem })')}
      });`;
  }
  async function run(scope: string): Promise<unknown> {
    const folder = await writeFor((text, path) =>
      toStack(path === 'src/main.js' ? fillIn(scope) : text),
    );
    app = await serveFiles(folder);
    const page = await openApp(`http://localhost:${app.port}/plain.html`);
    // It signs in first, and the page counts as loaded before that ends.
    await page.waitForFunction('window.told');
    return page.evaluate('window.told');
  }

  it('uploads a file', async () => {
    expect(await run('upload:sign')).toEqual({ fileId: expect.stringMatching(/^\d+$/) });
  });

  it('passes on the problem of a request that is refused', async () => {
    expect(await run('upload:read')).toMatchObject({
      message: expect.stringContaining('upload:sign'),
      problem: { status: 403, code: 'insufficient_scope' },
    });
  });
});

/** What a page can learn from the stack with any request that it may send. */
const PROBE = `async (origin) => {
  const told = {};
  const tries = {
    token: ['/__local/token', { method: 'POST', body: '{}' }],
    info: ['/__local/info'],
    signature: ['/signature', { method: 'POST', body: '{}', headers: { Authorization: 'Bearer x' } }],
    uploads: ['/uploads'],
    shim: ['/shim.js'],
    emulator: ['/__vod/vod2.qcloud.com/v3/index.php?Action=ApplyUploadUGC', { method: 'POST', body: '{}' }],
    api: ['/__vod/vod.tencentcloudapi.com/', { method: 'POST', body: '{}' }],
  };
  for (const [name, [path, init]] of Object.entries(tries)) {
    told[name] = await fetch(origin + path, init).then((answer) => answer.status, () => 'nothing');
  }
  // What needs no leave to be sent, and gives nothing to read.
  const blind = { mode: 'no-cors', method: 'POST' };
  await fetch(origin + '/__local/faults', { ...blind, body: '{"fault":"lost-callback"}' }).catch(() => {});
  await fetch(origin + '/__local/sweep', blind).catch(() => {});
  return told;
}`;

describe('a page of another site', () => {
  const foreign = 'http://evil.example';
  let browser: Browser | undefined;

  afterEach(async () => {
    await browser?.close();
    browser = undefined;
  });

  /** Opens a browser that resolves the page's name to this machine. */
  async function lure(port: number): Promise<Browser> {
    const { port: stackPort } = new URL(stage.stack.origin);
    const rules = [
      `MAP evil.example:80 127.0.0.1:${port}`,
      `MAP evil.example:${stackPort} 127.0.0.1:${stackPort}`,
    ];
    browser = await launchChromium([
      `--host-resolver-rules=${rules.join(',')}`,
      // The browser's own protection is not tested here.
      '--disable-features=LocalNetworkAccessChecks',
    ]);
    return browser;
  }

  it('receives no token and no answer, and starts nothing in the stack', async () => {
    app = await serveFiles(await writeFor(toStack));
    const page = await openApp(`${foreign}/index.html`, await lure(app.port));
    const before = seen(stage.stack, 'function').length;

    const told = await page.evaluate(`(${PROBE})(${JSON.stringify(stage.stack.origin)})`);

    expect(new Set(Object.values(Object(told)))).toEqual(new Set(['nothing']));
    expect(Object.keys(Object(told))).toHaveLength(7);
    expect(stage.stack.faults.armed()).toEqual([]);
    expect(seen(stage.stack, 'sweep')).toEqual([]);
    expect(seen(stage.stack, 'function')).toHaveLength(before);
    expect([...seen(stage.stack, 'ugc'), ...seen(stage.stack, 'api')]).toEqual([]);
  });

  it('reads nothing if its own name resolves to this machine’s address', async () => {
    app = await serveFiles(await writeFor(toStack));
    const rebound = await lure(app.port);
    const { port } = new URL(stage.stack.origin);
    const page = await (await rebound.newContext()).newPage();

    for (const path of ['/', '/__local/info', '/media/', '/__vod/vod2.qcloud.com/']) {
      const answer = await page.goto(`${foreign}:${port}${path}`);
      expect(answer?.status()).toBe(421);
    }
  });

  it('may upload if DEV_ORIGINS names it', async () => {
    app = await serveFiles(await writeFor((text) => withoutBundler(toStack(text))));
    await stage.restart({
      port: Number(new URL(stage.stack.origin).port),
      chosen: { DEV_ORIGINS: foreign },
    });

    await expectReady(await openApp(`${foreign}/plain.html`, await lure(app.port)));
  });
});
