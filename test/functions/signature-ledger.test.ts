import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSignatureRoute } from '../../functions/signature.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import { lazyLedger } from '../../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { captureLog } from '../support/capture-log.ts';
import { askRoute, EVENT_SHAPES, SCF_CONTEXT } from '../support/http-events.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';
import { openTunnel, type Tunnel } from '../support/tunnel.ts';
import { useLedger } from '../support/use-ledger.ts';

const NOW = Date.UTC(2026, 10, 22, 8);

const database = useLedger({ now: () => time });
let tunnel: Tunnel;
let ledger: Ledger;
captureLog();
let time: number;

beforeEach(async () => {
  time = NOW;
  tunnel = await openTunnel(database.url);
  ledger = database.open({ url: tunnel.url });
});
afterEach(() => tunnel.cut());

describe.each(EVENT_SHAPES)('POST /signature behind a $name, with a ledger', ({ toEvent }) => {
  async function ask(body: object = {}, owner = 'ann') {
    const route = createSignatureRoute({
      settings: NO_SETTINGS,
      config: readSignatureConfig({
        VOD_SECRET_ID: 'AKIDexample',
        VOD_SECRET_KEY: 'secret-key-example',
        AUTH_JWT_SECRET: TEST_JWT_SECRET,
      }),
      clock: { now: () => time },
      random: { integer: randomInt },
      ledger: lazyLedger(async () => ledger),
    });
    const headers = await bearer(owner, 'upload:sign', time);
    return askRoute('signature', route, toEvent)({ headers, body }, SCF_CONTEXT);
  }

  it('keeps what it permits', async () => {
    const { statusCode, json } = await ask({
      classId: 7,
      procedure: 'LongVideoPreset',
      storageRegion: 'ap-seoul',
      sessionContext: 'theirs',
      sourceContext: 'mine',
      limits: { maxBytes: 5, mediaTypes: ['MP4'] },
      mediaExpireTime: '2027-01-01T00:00:00Z',
      expiresIn: 600,
    });

    expect(statusCode).toBe(200);
    expect(await ledger.findUpload(json.uploadId)).toEqual({
      uploadId: json.uploadId,
      method: 'client',
      state: 'issued',
      owner: 'ann',
      classId: 7,
      procedure: 'LongVideoPreset',
      storageRegion: 'ap-seoul',
      sessionContext: 'theirs',
      sourceContext: 'mine',
      limits: { maxBytes: 5, mediaTypes: ['mp4'] },
      mediaExpireTime: Date.UTC(2027, 0, 1),
      expiresAt: NOW + 600_000,
      createdAt: NOW,
      updatedAt: NOW,
    });
  });

  it('prolongs an upload that is signed again, also while its file is processed', async () => {
    const first = await ask({ expiresIn: 600 });
    const { uploadId } = first.json;
    time += 60_000;

    const again = await ask({ uploadId, expiresIn: 600 });
    await ledger.transition(uploadId, 'uploadedForProcessing');
    const later = await ask({ uploadId });

    expect(again).toMatchObject({ statusCode: 200, json: { uploadId } });
    expect(later.statusCode).toBe(200);
    expect((await ledger.listUploads({ limit: 9 })).items).toMatchObject([
      { uploadId, state: 'uploaded', expiresAt: time + 3_600_000 },
    ]);
  });

  it.each([
    ['cancelled', 'cancelled'],
    ['ready', 'uploaded'],
    ['expired', 'expired'],
    ['failed', 'processingFailed'],
    ['rejected', 'rejected'],
  ] as const)('signs no upload again that is %s, and leaves it as it is', async (state, fact) => {
    const { uploadId } = (await ask()).json;
    const ended = await ledger.transition(uploadId, fact);
    time += 60_000;

    const { statusCode, json } = await ask({ uploadId, classId: 9 });

    expect(statusCode).toBe(409);
    expect(json).toMatchObject({ code: 'upload_finished', detail: expect.stringContaining(state) });
    expect(await ledger.findUpload(uploadId)).toEqual(ended);
  });

  it('keeps nothing of a request that it refuses', async () => {
    const long = await ask({ sourceContext: 'x'.repeat(240) });

    expect(long.statusCode).toBe(400);
    expect((await ledger.listUploads({ limit: 1 })).items).toEqual([]);
  });

  it('signs nothing while the ledger is away', async () => {
    const first = await ask();
    await tunnel.cut();

    const { statusCode, headers, json } = await ask();

    expect(first.statusCode).toBe(200);
    expect(statusCode).toBe(503);
    expect(headers['Retry-After']).toMatch(/^\d+$/);
    expect(json.code).toBe('ledger_unavailable');
    expect(json).not.toHaveProperty('signature');
  });
});
