import { hash } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRowExport } from '../../../lib/sweep/export-rows.ts';
import { listen } from '../../support/listen.ts';
import {
  BUCKET,
  exampleGrant,
  PREFIX,
  REGION,
  startStorage,
} from '../../tools/local/emulator/storage/storage-server.ts';

const NOW = Date.UTC(2026, 5, 1, 12);
const UNTIL = Date.UTC(2026, 2, 1);
const ROWS = [{ event_id: 'evt_1', payload: { Name: '한국어 "film"\n' } }, { event_id: 'evt_2' }];
const TEXT = `${JSON.stringify(ROWS[0])}\n${JSON.stringify(ROWS[1])}\n`;

describe('createRowExport()', () => {
  let storage: Awaited<ReturnType<typeof startStorage>>;

  beforeEach(async () => {
    storage = await startStorage(() => new Date(NOW));
    const grant = exampleGrant({ expiresAt: NOW / 1_000 + 3_600 });
    storage.grants.set(grant.secretId, grant);
  });
  afterEach(async () => {
    expect(storage.failures).toEqual([]);
    await storage.stop();
  });

  const open = ({ secretKey = exampleGrant().secretKey, prefix = PREFIX, now = NOW } = {}) =>
    createRowExport(
      { bucket: BUCKET, region: REGION, prefix },
      {
        readCredentials: () => ({ ...exampleGrant(), secretKey }),
        clock: { now: () => now },
        origin: `http://127.0.0.1:${storage.port}`,
      },
    );
  const stored = () =>
    storage.operations().map(({ operation, status, key }) => [operation, status, key]);

  it('stores rows as lines of JSON in one object, named after their time and content', async () => {
    await open()('events', ROWS, UNTIL);

    const [[operation, status, key] = []] = stored();
    expect([operation, status]).toEqual(['PutObject', 200]);
    expect(key).toMatch(
      /^vodlocal01\/5285890000000000001\/events\/2026-03-01T00-00-00\.000Z-[\da-f]{32}\.ndjson$/,
    );
    const object = await storage.objects.find({ bucket: BUCKET, key: String(key) });
    expect(object).toMatchObject({
      size: Buffer.byteLength(TEXT),
      etag: `"${hash('md5', TEXT)}"`,
      contentType: 'application/x-ndjson',
    });
  });

  it('stores the same rows under the same name, and others under another', async () => {
    await open()('uploads/ready', ROWS, UNTIL);
    await open()('uploads/ready', ROWS, UNTIL);
    await open()('uploads/ready', [...ROWS, { event_id: 'evt_3' }], UNTIL);

    const keys = stored().map(([, , key]) => key);
    expect(keys).toHaveLength(3);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
    expect(keys[0]).toContain('/uploads/ready/');
  });

  it.each([
    ['a wrong key', { secretKey: 'other' }],
    ['a prefix that is not granted', { prefix: 'other/' }],
    ['a clock that is hours off', { now: NOW + 7_200_000 }],
  ])('fails with %s', async (_, change) => {
    await expect(open(change)('events', ROWS, UNTIL)).rejects.toMatchObject({
      code: 'export_http_403',
      message: expect.not.stringContaining('example'),
    });
  });
});

describe('createRowExport() in front of another server', () => {
  const withServer = async (listener: RequestListener) => {
    const { port, close } = await listen(createServer(listener));
    const exportRows = createRowExport(
      { bucket: BUCKET, region: REGION, prefix: '' },
      {
        readCredentials: () => ({ secretId: 'AKIDexample', secretKey: 'key', token: undefined }),
        clock: { now: () => NOW },
        origin: `http://127.0.0.1:${port}`,
      },
    );
    const result = exportRows('events', ROWS, UNTIL);
    await result.catch(() => undefined);
    await close();
    return result;
  };

  it.each<readonly [string, string, RequestListener]>([
    [
      'another content',
      'export_other_content',
      (_, response) => void response.setHeader('ETag', '"0"').end(),
    ],
    ['no content', 'export_other_content', (_, response) => void response.end()],
    ['a redirection', 'export_http_301', (_, response) => void response.writeHead(301).end()],
    ['an error', 'export_http_500', (_, response) => void response.writeHead(500).end()],
    ['no answer', 'export_ECONNRESET', (request) => void request.socket.destroy()],
  ])('fails if the answer is %s', async (_, code, listener) => {
    await expect(withServer(listener)).rejects.toMatchObject({ code });
  });

  it('accepts any ETag of content that COS encrypts with a key of KMS', async () => {
    const paths: (string | undefined)[] = [];
    await withServer((request, response) => {
      paths.push(
        request.url,
        request.headers.host,
        request.headers['x-cos-security-token'] as string,
      );
      response.writeHead(200, { ETag: '"0"', 'x-cos-server-side-encryption': 'cos/kms' }).end();
    });
    expect(paths).toEqual([
      expect.stringMatching(/^\/events\/2026/),
      `${BUCKET}.cos.${REGION}.myqcloud.com`,
      undefined,
    ]);
  });
});
