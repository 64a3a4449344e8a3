import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ActivityLog, createActivityLog } from '../../../../tools/local/activity.ts';
import { localAccount } from '../../../../tools/local/emulator/account.ts';
import type { CloudRequest } from '../../../../tools/local/emulator/cloud-request.ts';
import {
  type Emulator,
  type EmulatorOptions,
  isCloudHost,
  openEmulator,
} from '../../../../tools/local/emulator/emulator.ts';
import { createFaults, type Faults } from '../../../../tools/local/emulator/faults.ts';
import { createSpeedLimit } from '../../../../tools/local/emulator/storage/speed-limit.ts';
import { nextActivity } from '../../../support/activities.ts';
import { makeFolder } from '../../../support/make-folder.ts';
import { type CallbackReceiver, expectedSign, openReceiver } from './events/callback-receiver.ts';
import { blackPng, silentWav } from './ugc/media-samples.ts';
import { putObject } from './ugc/storage-client.ts';
import {
  callUgc,
  doUgc,
  type LocalServer,
  serveCloud,
  signFields,
  type UgcData,
} from './ugc/upload-client.ts';

const account = localAccount();
const wav = Buffer.from(silentWav(2));
const png = Buffer.from(blackPng(8, 4));
const files = {
  ...{ videoName: 'holiday', videoType: 'wav', videoSize: wav.length },
  ...{ coverName: 'beach', coverType: 'png', coverSize: png.length },
};

let dir: string;
let server: LocalServer;
let receiver: CallbackReceiver;
let activity: ActivityLog;
let faults: Faults;
let emulator: Emulator;
let random = 0;

async function open(change: Partial<EmulatorOptions> = {}): Promise<void> {
  emulator = await openEmulator({
    dir,
    account,
    origin: server.origin,
    callbackUrl: receiver.url,
    activity,
    faults,
    speed: createSpeedLimit(),
    procedureMilliseconds: 3,
    names: { procedures: ['flow'] },
    ...change,
  });
}

async function reopen(change: Partial<EmulatorOptions> = {}): Promise<void> {
  await emulator.close();
  await open(change);
}

function route(request: CloudRequest): Promise<void> {
  const { host, path, incoming, outgoing } = request;
  if (host === 'media') return emulator.serveMedia(path.slice(1), incoming, outgoing);
  return emulator.handle(request);
}

beforeEach(async () => {
  dir = await makeFolder();
  receiver = await openReceiver();
  server = await serveCloud(route);
  activity = createActivityLog();
  faults = createFaults(activity);
  await open();
});
afterEach(async () => {
  await server.close();
  await emulator.close();
  await receiver.close();
});

function sign(fields: Readonly<Record<string, string | number>> = {}): string {
  random += 1;
  const currentTimeStamp = Math.floor(Date.now() / 1_000);
  return signFields(account.secretKey, {
    secretId: account.secretId,
    currentTimeStamp,
    expireTime: currentTimeStamp + 3_600,
    random,
    ...fields,
  });
}

async function applyAndPut(signature: string): Promise<UgcData> {
  const data = await doUgc(server.origin, 'ApplyUploadUGC', { signature, ...files });
  const put = [
    await putObject(server.origin, data, data.video?.storagePath ?? '', wav),
    await putObject(server.origin, data, data.cover?.storagePath ?? '', png),
  ];
  expect(put.map(({ status }) => status)).toEqual([200, 200]);
  return data;
}

const commit = (vodSessionKey: string, signature = sign()) =>
  doUgc(server.origin, 'CommitUploadUGC', { signature, vodSessionKey });

/** Resolves when a notification of this type has been answered. */
const delivery = (eventType: string) =>
  nextActivity(
    activity,
    (each) =>
      each.type === 'notification' && each.outcome === 'delivered' && each.eventType === eventType,
  );

const eventTypes = () => receiver.received.map(({ body }) => body['EventType']);

describe('openEmulator()', () => {
  it('processes an upload from its preparation to its events', async () => {
    const fields = { sourceContext: 'order 7', sessionContext: 'basket 9', procedure: 'flow' };
    const signature = sign({ ...fields, oneTimeValid: 1, storageRegion: 'ap-seoul' });

    const prepared = await doUgc(server.origin, 'PrepareUploadUGC', { signature });
    const domain = prepared.cosRegionList[0]?.domain ?? '';
    expect((await fetch(`${server.origin}/${domain}/`, { method: 'HEAD' })).status).toBe(403);
    const applied = await applyAndPut(signature);
    const done = await commit(applied.vodSessionKey, signature);
    const [uploaded, processed] = [await receiver.next(), await receiver.next()];

    expect(uploaded.body['Sign']).toBe(expectedSign(account.signKey, uploaded));
    expect(Number(uploaded.body['T'])).toBeGreaterThan(Date.now() / 1_000);
    expect(uploaded.body).toMatchObject({
      EventType: 'NewFileUpload',
      FileUploadEvent: {
        FileId: done.fileId,
        MediaBasicInfo: {
          Name: 'holiday',
          Type: 'wav',
          Category: 'Audio',
          StorageRegion: 'ap-seoul',
          MediaUrl: done.video?.url,
          CoverUrl: done.cover?.url,
          SourceInfo: { SourceType: 'Upload', SourceContext: 'order 7' },
        },
        MetaData: { Size: wav.length, Duration: 2, AudioStreamSet: [{ Codec: 'pcm' }] },
      },
    });
    expect(processed.body['Sign']).toBe(expectedSign(account.signKey, processed));
    expect(processed.body).toMatchObject({
      EventType: 'ProcedureStateChanged',
      ProcedureStateChangeEvent: {
        FileId: done.fileId,
        Status: 'FINISH',
        SessionContext: 'basket 9',
      },
    });
    expect(emulator.media()).toMatchObject([{ fileId: done.fileId, mediaUrl: done.video?.url }]);
  });

  it('plays an uploaded file at its MediaUrl, with byte ranges', async () => {
    const done = await commit((await applyAndPut(sign())).vodSessionKey);

    const whole = await fetch(done.video?.url ?? '');
    const part = await fetch(done.video?.url ?? '', { headers: { Range: 'bytes=40-47' } });
    const cover = await fetch(done.cover?.url ?? '');

    expect(Buffer.from(await whole.arrayBuffer())).toEqual(wav);
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(wav.subarray(40, 48));
    expect(Buffer.from(await cover.arrayBuffer())).toEqual(png);
  });

  it("does not allow one upload's credentials in the folder of another upload", async () => {
    const other = await applyAndPut(sign());
    const mine = await doUgc(server.origin, 'ApplyUploadUGC', { signature: sign(), ...files });

    const put = await putObject(server.origin, mine, other.video?.storagePath ?? '', wav);

    expect(put.status).toBe(403);
  });

  it.each([
    ['to its storage', 'vodlocal01-1250000001.cos.ap-seoul.myqcloud.com', 403, 'AccessDenied'],
    ['to no other host', 'internal.example.com', 404, 'NoSuchBucket'],
  ])(
    'forwards requests to the upload host %s, as a mini program asks',
    async (_to, to, status, code) => {
      const response = await fetch(`${server.origin}/vod2.qcloud.com/vodlocal01/1/a.mp4`, {
        method: 'PUT',
        headers: { 'Vod-Forward-Cos': to },
      });

      expect(response.status).toBe(status);
      expect(await response.text()).toContain(`<Code>${code}</Code>`);
      expect(activity.since(0)).toEqual([
        expect.objectContaining({ type: 'storage', status, code }),
      ]);
    },
  );

  it('sends one event if the answer to Commit is lost and Commit is repeated', async () => {
    const { vodSessionKey } = await applyAndPut(sign());
    faults.arm('lost-commit-answer');
    const body = { signature: sign(), vodSessionKey };
    const delivered = delivery('NewFileUpload');
    await expect(callUgc(server.origin, 'CommitUploadUGC', body)).rejects.toThrow();
    await delivered;

    const done = await commit(vodSessionKey);
    const next = commit((await applyAndPut(sign())).vodSessionKey);

    const [first, second] = [await receiver.next(), await receiver.next()];
    expect(first.body).toMatchObject({ FileUploadEvent: { FileId: done.fileId } });
    expect(second.body).toMatchObject({ FileUploadEvent: { FileId: (await next).fileId } });
  });

  it('continues an upload after a restart', async () => {
    const signature = sign({ oneTimeValid: 1 });
    const applied = await doUgc(server.origin, 'ApplyUploadUGC', { signature, ...files });
    const videoPath = applied.video?.storagePath ?? '';
    await putObject(server.origin, applied, videoPath, wav);

    await reopen();
    const { vodSessionKey } = applied;
    const again = await doUgc(server.origin, 'ApplyUploadUGC', { signature, vodSessionKey });
    const coverPath = again.cover?.storagePath ?? '';
    expect((await putObject(server.origin, applied, coverPath, png)).status).toBe(200);
    const done = await commit(vodSessionKey, signature);

    expect(again.video?.storagePath).toBe(videoPath);
    expect((await receiver.next()).body).toMatchObject({
      FileUploadEvent: { FileId: done.fileId },
    });
  });

  it('sends after a restart the notifications that were not received, and no others', async () => {
    await reopen({ callbackUrl: 'http://127.0.0.1:1/', attemptWaits: [0, 600_000] });
    const failed = nextActivity(activity, ({ type }) => type === 'notification');
    const { vodSessionKey } = await applyAndPut(sign({ procedure: 'flow' }));
    const done = await commit(vodSessionKey);
    await failed;

    const allDelivered = delivery('ProcedureStateChanged');
    await reopen();
    const delivered = [await receiver.next(), await receiver.next()];
    await allDelivered;
    await reopen();
    const again = await commit(vodSessionKey);
    await commit((await applyAndPut(sign())).vodSessionKey);
    await receiver.next();

    expect(delivered.map(({ body }) => body['EventType'])).toEqual([
      'NewFileUpload',
      'ProcedureStateChanged',
    ]);
    expect(again).toEqual(done);
    expect(emulator.media().map(({ fileId }) => fileId)).toContain(done.fileId);
    const repeated = receiver.received.filter(
      ({ body }) => JSON.stringify(body['FileUploadEvent'])?.includes(done.fileId) ?? false,
    );
    expect(repeated).toHaveLength(1);
    expect(eventTypes().filter((type) => type === 'NewFileUpload')).toHaveLength(2);
  });

  it('refuses to open a damaged state', async () => {
    await emulator.close();
    await writeFile(join(dir, 'state.json'), '{}');

    await expect(open()).rejects.toThrow('state.json is not a state of the VOD emulator');

    await rm(join(dir, 'state.json'));
  });

  it('answers 500 if its state cannot be saved', async () => {
    await rm(dir, { recursive: true });

    const response = await callUgc(server.origin, 'ApplyUploadUGC', {
      signature: sign(),
      ...files,
    });

    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: 500 });
    await open();
  });
});

describe('the other hosts', () => {
  it('accepts reports, with CORS headers for any page', async () => {
    const response = await fetch(`${server.origin}/vodreport.qcloud.com/ugcupload_new`, {
      method: 'POST',
      headers: { Origin: 'https://shop.example' },
      body: '{"reqType":40001}',
    });

    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(await response.json()).toEqual({});
    expect(activity.since(0)).toEqual([]);
  });

  it('names the hosts that it serves if it is called under another one', async () => {
    const response = await fetch(`${server.origin}/cvm.tencentcloudapi.com/`, { method: 'POST' });

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      message: expect.stringContaining('cvm.tencentcloudapi.com'),
      hosts: expect.arrayContaining(['vod2.qcloud.com', 'vod2.dnsv1.com', 'vodreport.qcloud.com']),
    });
  });
});

describe('isCloudHost()', () => {
  it.each([
    'vod2.qcloud.com',
    'vod2.dnsv1.com',
    'vodreport.qcloud.com',
    'vodlocal01-1250000001.cos.ap-seoul.myqcloud.com',
    'vodlocal01-1250000001.cos.ap-seoul.tencentcos.cn',
  ])('returns true for %s', (host) => {
    expect(isCloudHost(host)).toBe(true);
  });

  it.each([
    '',
    'localhost',
    '127.0.0.1',
    'qcloud.com',
    'vod2.qcloud.com.example',
    'xvod2.qcloud.com',
    'a.cos.ap-seoul.myqcloud.com.example',
    'constructor',
  ])('returns false for "%s"', (host) => {
    expect(isCloudHost(host)).toBe(false);
  });
});
