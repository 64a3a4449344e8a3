import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { happens, seen } from '../support/activities.ts';
import { launchChromium } from '../support/chromium.ts';
import { fetchSha256, sha256 } from '../support/digest.ts';
import { makeBytes } from '../support/made-file.ts';
import { requirePresent } from '../support/requirement.ts';
import { useStack } from '../support/stack-stage.ts';
import { openSdkPage } from './sdk-page.ts';

let tls: Server | undefined;
let browser: Browser | undefined;

/** Makes a certificate for the cloud's names, only for this test. */
async function makeCertificate(folder: string): Promise<{ key: Buffer; cert: Buffer }> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=vod2.qcloud.com'],
      ...['-addext', 'subjectAltName=DNS:vod2.qcloud.com,DNS:vod2.dnsv1.com'],
    ],
    { stdio: 'ignore' },
  );
  return { key: await readFile(key), cert: await readFile(cert) };
}

beforeEach(async (context) => {
  requirePresent(context, 'chromium');
  requirePresent(context, 'openssl');
});
const stage = useStack();
beforeEach(async () => {
  const secure = createServer(await makeCertificate(stage.dir), stage.stack.handle);
  tls = secure;
  await new Promise<void>((listening) => secure.listen(0, '127.0.0.1', listening));
  const plain = new URL(stage.stack.origin).port;
  const { port } = secure.address() as AddressInfo;
  const rules = ['*.qcloud.com', '*.dnsv1.com', '*.myqcloud.com']
    .flatMap((host) => [
      `MAP ${host}:443 127.0.0.1:${port}`,
      // A page served over http makes the SDK speak http to the storage.
      `MAP ${host}:80 127.0.0.1:${plain}`,
    ])
    .join(',');
  browser = await launchChromium([
    `--host-resolver-rules=${rules}`,
    '--ignore-certificate-errors',
    // The browser treats a public name that resolves to this machine as an attack; here that is intended.
    '--disable-features=LocalNetworkAccessChecks',
  ]);
});

afterEach(async () => {
  await browser?.close();
  tls?.closeAllConnections();
  await new Promise((closed) => (tls === undefined ? closed(undefined) : tls.close(closed)));
});

describe('a page without the shim', () => {
  it('uploads to the cloud’s own host names if they resolve to this machine', async () => {
    if (browser === undefined) throw new Error('There is no browser');
    const { stack } = stage;
    const app = await openSdkPage(browser, stack.origin, { shim: false });
    const media = { name: 'untouched.mp4', bytes: 9 * 1024 * 1024, seed: 4_711 };
    const cover = { name: 'untouched.jpg', bytes: 3_000, seed: 4_712 };

    await app.start('a', { media, cover, request: { storageRegion: 'ap-tokyo' } });
    const { done, error } = await app.ends('a');

    expect(error).toBeUndefined();
    expect(await fetchSha256(done?.video?.url ?? '')).toBe(sha256(makeBytes(media)));
    const { status } = await happens(stack, 'function', (call) => call.function === 'callback');
    expect(status).toBe(200);
    const [prepare] = seen(stack, 'ugc');
    expect(prepare).toMatchObject({ action: 'PrepareUploadUGC', host: 'vod2.qcloud.com' });
  });
});
