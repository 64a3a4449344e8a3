import { describe, expect, it } from 'vitest';
import { perTest } from '../../../../support/per-test.ts';
import { askUgc, callUgc, doUgc } from './upload-client.ts';
import { openUploadStage } from './upload-stage.ts';

const stage = perTest(() => openUploadStage());

describe('PrepareUploadUGC', () => {
  it('returns every opened region with its host', async () => {
    const data = await doUgc(stage.origin, 'PrepareUploadUGC', { signature: stage.sign() });

    expect(data.appId).toBe(stage.account.appId);
    expect(data.cosRegionList).toHaveLength(4);
    expect(data.cosRegionList[1]).toEqual({
      region: 'ap-seoul',
      domain: 'vodlocal01-1250000001.cos.ap-seoul.myqcloud.com',
      isAcc: 0,
      ip: '',
    });
  });

  it('returns only the region that the signature names', async () => {
    const signature = stage.sign({ storageRegion: 'ap-tokyo' });

    const data = await doUgc(stage.origin, 'PrepareUploadUGC', { signature });

    expect(data.cosRegionList.map(({ region }) => region)).toEqual(['ap-tokyo']);
  });

  it('does not use up a one-time signature', async () => {
    const signature = stage.sign({ oneTimeValid: 1 });
    const upload = { signature, videoName: 'a', videoType: 'mp4', videoSize: 1 };

    await doUgc(stage.origin, 'PrepareUploadUGC', { signature });
    await doUgc(stage.origin, 'PrepareUploadUGC', { signature });

    expect(await askUgc(stage.origin, 'ApplyUploadUGC', upload)).toMatchObject({ code: 0 });
  });

  it('leaves the expired-signature fault for a step whose failure is visible', async () => {
    stage.faults.arm('expired-signature');

    await doUgc(stage.origin, 'PrepareUploadUGC', { signature: stage.sign() });

    expect(stage.faults.armed()).toHaveLength(1);
  });
});

describe('the client upload host', () => {
  it('returns a refusal with status 200, the reason, and CORS headers for any page', async () => {
    const response = await fetch(
      `${stage.origin}/vod2.dnsv1.com/v3/index.php?Action=PrepareUploadUGC`,
      { method: 'POST', headers: { Origin: 'https://shop.example' }, body: '{"signature":"x"}' },
    );

    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(await response.json()).toEqual({
      code: 10004,
      message: 'ugc upload | invalid signature: it is not one line of padded standard Base64',
    });
    expect(stage.activities()).toEqual([
      expect.objectContaining({
        type: 'ugc',
        action: 'PrepareUploadUGC',
        host: 'vod2.dnsv1.com',
        code: 10004,
      }),
    ]);
  });

  it('answers a preflight with the requested method and headers', async () => {
    const response = await fetch(`${stage.origin}/vod2.qcloud.com/v3/index.php?Action=X`, {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://shop.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,x-trace',
      },
    });

    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
    expect(response.headers.get('access-control-allow-headers')).toBe('content-type,x-trace');
    expect(stage.activities()).toEqual([]);
  });

  it.each([
    ['an unknown action', 'DeleteEverything', '{"signature":""}', 'POST /v3/index.php'],
    ['a body that is not JSON', 'PrepareUploadUGC', '{signature', 'not JSON'],
    ['a missing signature', 'PrepareUploadUGC', '{}', 'signature'],
    ['a list', 'PrepareUploadUGC', '[]', 'signature'],
    ['null', 'ApplyUploadUGC', 'null', 'body'],
    ['a body over 64 kB', 'CommitUploadUGC', `"${'x'.repeat(70_000)}"`, 'longer than 65536'],
  ])('refuses %s with 10001', async (_name, action, body, detail) => {
    const response = await callUgc(stage.origin, action, body);

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      code: 10001,
      message: expect.stringContaining(detail),
    });
  });

  it('refuses a GET with 10001', async () => {
    const url = `${stage.origin}/vod2.qcloud.com/v3/index.php?Action=PrepareUploadUGC`;

    expect(await (await fetch(url)).json()).toMatchObject({ code: 10001 });
  });
});
