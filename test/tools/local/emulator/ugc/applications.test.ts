import { beforeEach, describe, expect, it } from 'vitest';
import { localAccount } from '../../../../../tools/local/emulator/account.ts';
import { perTest } from '../../../../support/per-test.ts';
import { openApiStage } from '../api/api-stage.ts';
import { blackPng, silentWav } from './media-samples.ts';
import { putObject } from './storage-client.ts';
import { askUgc, doUgc, signFields } from './upload-client.ts';

const OWN = localAccount().subAppId;
const OTHER = 1_500_000_002;
const wav = Buffer.from(silentWav(2));
const png = Buffer.from(blackPng(8, 4));
const video = { videoName: 'holiday', videoType: 'wav', videoSize: wav.length };
const cover = { coverName: 'beach', coverType: 'png', coverSize: png.length };

const stage = perTest(() =>
  openApiStage({ account: { ...localAccount(), otherSubAppIds: [OTHER] } }),
);
let origin: string;
let random = 0;

beforeEach(() => {
  origin = `http://${stage.host}/__vod`;
});

function sign(vodSubAppId: number | undefined, fields: Readonly<Record<string, number>> = {}) {
  random += 1;
  const { secretId, secretKey } = stage.account;
  const currentTimeStamp = Math.floor(Date.now() / 1_000);
  const times = { currentTimeStamp, expireTime: currentTimeStamp + 3_600 };
  return signFields(secretKey, { secretId, ...times, random, vodSubAppId, ...fields });
}

/** Applies for an upload and stores the file; returns the session. */
async function begin(signature: string): Promise<string> {
  const data = await doUgc(origin, 'ApplyUploadUGC', { signature, ...video });
  const put = await putObject(origin, data, data.video?.storagePath ?? '', wav);
  expect(put.status).toBe(200);
  return data.vodSessionKey;
}

async function upload(vodSubAppId: number | undefined): Promise<string> {
  const vodSessionKey = await begin(sign(vodSubAppId));
  const signature = sign(vodSubAppId);
  return (await doUgc(origin, 'CommitUploadUGC', { signature, vodSessionKey })).fileId;
}

async function filesOf(SubAppId: number) {
  const { MediaInfoSet = [] } = await stage.client.SearchMedia({ SubAppId });
  return MediaInfoSet.map(({ FileId }) => FileId);
}

describe('an upload signature with vodSubAppId', () => {
  it('uploads into the application that it names, which is notified', async () => {
    const others = await upload(OTHER);
    const { target, body } = await stage.receiver.next();
    const own = await upload(undefined);

    expect(await filesOf(OTHER)).toEqual([others]);
    expect(await filesOf(OWN)).toEqual([own]);
    expect(target).toBe(`/callback?subAppId=${OTHER}`);
    expect(body).toMatchObject({ FileUploadEvent: { FileId: others } });
    expect((await stage.receiver.next()).target).toBe('/callback');
  });

  it.each([0, OWN])('uploads into the own application if it is %i', async (vodSubAppId) => {
    const fileId = await upload(vodSubAppId);

    expect(await filesOf(OWN)).toEqual([fileId]);
    expect(await filesOf(OTHER)).toEqual([]);
  });

  it('is refused at every step if the account does not have the application', async () => {
    const signature = sign(1_500_000_009);
    const refused = { code: 10004, message: expect.stringContaining('vodSubAppId 1500000009') };

    expect(await askUgc(origin, 'PrepareUploadUGC', { signature })).toEqual(refused);
    expect(await askUgc(origin, 'ApplyUploadUGC', { signature, ...video })).toEqual(refused);
    const commit = { signature, vodSessionKey: await begin(sign(OTHER)) };
    expect(await askUgc(origin, 'CommitUploadUGC', commit)).toEqual(refused);
  });

  it.each([
    [OTHER, OWN],
    [OWN, OTHER],
  ])(
    'accepts no session of another application: one of %i with a signature for %i',
    async (owner, stranger) => {
      const vodSessionKey = await begin(sign(owner));
      const foreign = { signature: sign(stranger), vodSessionKey };
      const unknown = { signature: sign(stranger), vodSessionKey: 'none' };

      for (const action of ['ApplyUploadUGC', 'CommitUploadUGC']) {
        const refused = await askUgc(origin, action, foreign);
        expect(refused).toEqual(await askUgc(origin, action, unknown));
        expect(refused.code).toBe(10005);
      }
      await stage.reopen();
      const signature = sign(owner);
      const { fileId } = await doUgc(origin, 'CommitUploadUGC', { signature, vodSessionKey });
      expect(await filesOf(owner)).toEqual([fileId]);
      expect(await filesOf(stranger)).toEqual([]);
    },
  );

  it("cannot set the cover of another application's media", async () => {
    const fileId = await upload(OTHER);
    const ask = (vodSubAppId: number) =>
      askUgc(origin, 'ApplyUploadUGC', { signature: sign(vodSubAppId), fileId, ...cover });

    expect((await ask(OWN)).code).toBe(10001);
    expect((await ask(OTHER)).code).toBe(0);
  });

  it('can be used once, in one application', async () => {
    const signature = sign(OTHER, { oneTimeValid: 1 });
    const vodSessionKey = await begin(signature);

    const again = { ...video, signature, videoName: 'another' };
    expect((await askUgc(origin, 'ApplyUploadUGC', again)).code).toBe(10003);
    const { fileId } = await doUgc(origin, 'CommitUploadUGC', { signature, vodSessionKey });
    expect(await filesOf(OTHER)).toEqual([fileId]);
  });

  it('returns the number of its application', async () => {
    const prepared = await doUgc(origin, 'PrepareUploadUGC', { signature: sign(OTHER) });
    const applied = await doUgc(origin, 'ApplyUploadUGC', { signature: sign(OTHER), ...video });

    expect([prepared.appId, applied.appId]).toEqual([OTHER, OTHER]);
  });
});
