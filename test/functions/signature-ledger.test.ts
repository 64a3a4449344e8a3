import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSignatureRoute } from '../../functions/signature.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import { lazyLedger } from '../../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { parseSettings } from '../../lib/policy/settings.ts';
import { captureLog } from '../support/capture-log.ts';
import { askRoute, EVENT_SHAPES, SCF_CONTEXT } from '../support/http-events.ts';
import { readSignature } from '../support/read-signature.ts';
import { NO_SETTINGS } from '../support/settings.ts';
import { contextKeysOf, decodeContext } from '../support/source-contexts.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';
import { openTunnel, type Tunnel } from '../support/tunnel.ts';
import { useLedger } from '../support/use-ledger.ts';

const NOW = Date.UTC(2026, 10, 22, 8);
const SECRET_KEY = 'secret-key-example';
/** What an upload keeps of the request with which it begins. */
const BEGUN = {
  classId: 7,
  procedure: 'LongVideoPreset',
  storageRegion: 'ap-seoul',
  sessionContext: 'theirs',
  sourceContext: 'order-1',
  limits: { maxBytes: 1_000, mediaTypes: ['mp4', 'mov'] },
  mediaExpireTime: '2027-01-01T00:00:00Z',
};

function settingsOf(profile: object) {
  return parseSettings({ policy: { profiles: { default: profile } } }).settings ?? NO_SETTINGS;
}

/** Returns what a signature says about its upload, other than its times. */
function readUpload(signature: string) {
  const { currentTimeStamp, expireTime, random, sourceContext, ...fields } = readSignature(
    signature,
    SECRET_KEY,
  );
  const signer = { keys: contextKeysOf(SECRET_KEY), subAppId: undefined };
  return { ...fields, context: decodeContext(sourceContext ?? '', signer) };
}

const database = useLedger({ clock: { now: () => time } });
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
  async function ask(body: object = {}, settings = NO_SETTINGS) {
    const route = createSignatureRoute({
      settings,
      config: readSignatureConfig({
        VOD_SECRET_ID: 'AKIDexample',
        VOD_SECRET_KEY: SECRET_KEY,
        AUTH_JWT_SECRET: TEST_JWT_SECRET,
      }),
      clock: { now: () => time },
      random: { integer: randomInt },
      ledger: lazyLedger(async () => ledger),
    });
    const headers = await bearer('ann', 'upload:sign', time);
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

  it('signs an upload again as it began, if the request says no more than its id', async () => {
    const first = await ask(BEGUN);
    const { uploadId, limits } = first.json;
    const recorded = await ledger.findUpload(uploadId);

    const again = await ask({ uploadId });

    expect(readUpload(again.json.signature)).toEqual(readUpload(first.json.signature));
    expect(readUpload(again.json.signature)).toMatchObject({
      ...{ classId: '7', context: { sourceContext: 'order-1', envelope: { limits } } },
    });
    expect(again.json.limits).toEqual(BEGUN.limits);
    expect(await ledger.findUpload(uploadId)).toEqual(recorded);
  });

  it('replaces what a further request names, and leaves the rest', async () => {
    const { uploadId } = (await ask(BEGUN)).json;

    const again = await ask({ uploadId, classId: 8, sourceContext: 'order-2', procedure: null });

    expect(again.json.limits).toEqual(BEGUN.limits);
    expect(await ledger.findUpload(uploadId)).toMatchObject({
      ...{ classId: 8, sourceContext: 'order-2', procedure: 'LongVideoPreset' },
      limits: BEGUN.limits,
    });
  });

  it.each([
    ['wider ones', { maxBytes: 99_999_999, mediaTypes: ['mkv', 'mp4', 'mov'] }, BEGUN.limits],
    ['a narrower one', { maxBytes: 999 }, { maxBytes: 999, mediaTypes: ['mp4', 'mov'] }],
    [
      'another one',
      { maxSeconds: 60, mediaTypes: ['mov'] },
      { maxBytes: 1_000, maxSeconds: 60, mediaTypes: ['mov'] },
    ],
  ])('lets limits only become narrower: %s', async (_, limits, left) => {
    const { uploadId } = (await ask(BEGUN)).json;

    const { json } = await ask({ uploadId, limits });

    expect(json.limits).toEqual(left);
    expect(readUpload(json.signature).context.envelope?.limits).toEqual(left);
    expect((await ledger.findUpload(uploadId))?.limits).toEqual(left);
  });

  it('refuses limits with which no file of the upload is left', async () => {
    const { uploadId } = (await ask(BEGUN)).json;

    const { statusCode, json } = await ask({ uploadId, limits: { mediaTypes: ['mkv'] } });

    expect(statusCode).toBe(403);
    expect(json.errors).toEqual([
      {
        path: 'limits.mediaTypes',
        rule: 'mediaTypes',
        message: 'must name a type of those with which the upload began: mp4, mov',
      },
    ]);
  });

  it('continues an upload whose profile has changed since, within both limits', async () => {
    const before = settingsOf({ classIds: [7], regions: ['ap-seoul'], maxBytes: 1_000 });
    const { uploadId } = (await ask({}, before)).json;
    const after = settingsOf({ classIds: [8], regions: ['ap-tokyo'], maxBytes: 500 });

    const again = await ask({ uploadId }, after);
    const asked = await ask({ uploadId, classId: 7 }, after);

    expect(again.json.limits).toEqual({ maxBytes: 500 });
    expect(readUpload(again.json.signature)).toMatchObject({
      ...{ classId: '7', storageRegion: 'ap-seoul' },
    });
    expect(asked.json).toMatchObject({ code: 'policy_denied', errors: [{ path: 'classId' }] });
  });

  it('continues an upload that the ledger does not know, as the request says', async () => {
    const { uploadId } = (await ask(BEGUN)).json;
    await database.sql`delete from uploads`;

    const { statusCode, json } = await ask({ uploadId, classId: 8 });

    expect(statusCode).toBe(200);
    expect(readUpload(json.signature)).toMatchObject({ classId: '8' });
    expect(json).not.toHaveProperty('limits');
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
