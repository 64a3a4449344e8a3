import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { happens } from '../support/activities.ts';
import { useBrowserStage } from './browser-stage.ts';

const run = promisify(execFile);
const stage = useBrowserStage();
let code: (name: string) => Promise<string>;

beforeEach(async () => {
  const page = await stage.openPage('#connect');
  code = async (name) => (await page.textContent(`#${name}-code`)) ?? '';
});

describe('the code that connects an app', () => {
  it('uploads from a page on another port', async () => {
    const html = await code('app');
    const server = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(html);
    });
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    try {
      const app = await stage.browser.newPage();
      await app.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
      await app.setInputFiles('#file', await stage.makeFile('film.mp4', 1_000));

      const { fileId } = await happens(stage.stack, 'media', () => true);
      await app.waitForSelector(`#state:has-text("Uploaded as ${fileId}")`);
    } finally {
      server.close();
    }
  });

  it('works with curl: signing, pulling and listing', async () => {
    const { stdout } = await run('bash', ['-euc', await code('curl')]);

    const [signed, pulled, listed] = stdout.match(/\{.*?\}(?=\{|\s*$)/gs) ?? [];
    expect(JSON.parse(signed ?? '')).toMatchObject({ signature: expect.any(String) });
    expect(JSON.parse(pulled ?? '')).toMatchObject({ taskId: expect.any(String) });
    expect(listed).toContain(JSON.parse(signed ?? '').uploadId);
  });
});
