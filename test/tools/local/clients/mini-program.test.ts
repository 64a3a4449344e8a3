import { describe, expect, it } from 'vitest';
import { buildVideo } from '../../../../tools/local/emulator/pull/sample-video.ts';
import { seen } from '../../../support/activities.ts';
import {
  issueSignature,
  limitSpeed,
  newFile,
  newLargeFile,
  SMALL_PLAN,
  STACK_CHANGE,
  stopAfterThreeParts,
  storedParts,
} from '../../../support/clients/client-stage.ts';
import { describeClient } from '../../../support/clients/describe-client.ts';
import {
  createMiniProgramClient,
  MINI_PROGRAM_HOSTS,
  startMiniProgramUpload,
} from '../../../support/clients/mini-program-client.ts';
import { expectRejection } from '../../../support/clients/scenarios.ts';
import { fetchSha256, sha256 } from '../../../support/digest.ts';
import { makeBytes } from '../../../support/made-file.ts';
import { useStack } from '../../../support/stack-stage.ts';

const BUCKET_HOST = 'vodlocal01-1250000001.cos.ap-seoul.myqcloud.com';

const stage = useStack(() => STACK_CHANGE, { per: 'file' });

describeClient('mini program 1.1.2', createMiniProgramClient(stage), stage);

describe('an upload in a mini program', () => {
  it('declares no sizes, and calls only the hosts of the guide', async () => {
    const upload = await startMiniProgramUpload(stage, {
      media: newLargeFile(),
      cover: newFile('poster.png', 500),
    });
    await upload.done;

    const { sent } = upload.program;
    const bodies = sent
      .filter(({ url }) => url.pathname === '/v3/index.php')
      .map(({ body }) => body);
    expect(bodies.map((body) => Object.keys(JSON.parse(String(body))))).toEqual([
      ['signature', 'videoName', 'videoType', 'coverName', 'coverType'],
      ['signature', 'vodSessionKey'],
    ]);
    expect(new Set(sent.map(({ url }) => url.hostname))).toEqual(new Set(MINI_PROGRAM_HOSTS));
    const puts = sent.filter(({ method }) => method === 'PUT');
    expect(puts.map(({ headers }) => headers['vod-forward-cos'])).toEqual(
      puts.map(() => BUCKET_HOST),
    );
    expect(puts.length).toBeGreaterThanOrEqual(5);
  });

  it('is held to the limits of its caller’s profile, although it declares no size', async () => {
    const film = buildVideo(1);
    const plan = { media: newFile('film.mp4', film.length), film };
    const issued = await issueSignature(stage.stack, {}, {}, { plan: 'small' });
    const upload = await startMiniProgramUpload(stage, { ...plan, signature: issued.signature });

    const { fileId } = await upload.done;

    expect(film.length).toBeGreaterThan(SMALL_PLAN.maxBytes);
    expect(upload.program.sent.map(({ headers }) => headers['vod-forward-cos'])).toContain(
      BUCKET_HOST.replace('ap-seoul', 'ap-tokyo'),
    );
    await expectRejection(stage.stack, { fileId, uploadId: issued.uploadId });
  });

  it('stores its files through the host that the answer to Apply names', async () => {
    const media = newLargeFile();
    const upload = await startMiniProgramUpload(
      stage,
      { media },
      { wrap: nameHost('vod2.dnsv1.com'), hosts: [...MINI_PROGRAM_HOSTS, 'vod2.dnsv1.com'] },
    );

    const { mediaUrl } = await upload.done;

    expect(await fetchSha256(mediaUrl)).toBe(sha256(makeBytes(media)));
    const puts = upload.program.sent.filter(({ method }) => method === 'PUT');
    expect(new Set(puts.map(({ url }) => url.hostname))).toEqual(new Set(['vod2.dnsv1.com']));
  });

  it('reports progress that ends with the whole file', async () => {
    const upload = await startMiniProgramUpload(stage, { media: newLargeFile() });
    await upload.done;

    expect(upload.shares.length).toBeGreaterThan(1);
    expect(upload.shares).toEqual(upload.shares.toSorted((left, right) => left - right));
    expect(upload.shares.at(-1)).toBe(1);
  });

  it('sends nothing more after cancel, and creates no media', async () => {
    const media = newLargeFile(8);
    const before = seen(stage.stack, 'media').length;
    const stopped = await stopAfterThreeParts(stage.stack);
    const upload = await startMiniProgramUpload(stage, { media });
    await stopped();

    upload.uploader.cancel();
    const sent = upload.program.sent.length;
    await limitSpeed(stage.stack, null);
    // All that the cancelled one could still send would come before the answers to another upload.
    await createMiniProgramClient(stage).upload({ media: newLargeFile() });

    expect(upload.program.sent).toHaveLength(sent);
    expect(seen(stage.stack, 'media')).toHaveLength(before + 1);
  });

  it('sends nothing while it is paused, and afterwards only the missing parts', async () => {
    const media = newLargeFile(8);
    const stopped = await stopAfterThreeParts(stage.stack);
    const upload = await startMiniProgramUpload(stage, { media });
    await stopped();

    upload.uploader.pause();
    const sent = upload.program.sent.length;
    await limitSpeed(stage.stack, null);
    await createMiniProgramClient(stage).upload({ media: newLargeFile() });
    expect(upload.program.sent).toHaveLength(sent);
    upload.uploader.restart();
    const { fileId, mediaUrl } = await upload.done;

    expect(await fetchSha256(mediaUrl)).toBe(sha256(makeBytes(media)));
    const all = storedParts(stage.stack, fileId);
    expect(new Set(all).size).toBe(8);
    // Two parts may be stored whose answers the program did not get.
    expect(all.length).toBeLessThanOrEqual(10);
  });
});

/** Returns what changes the answers to Apply on their way to the program, so that they name a host for its storage. */
function nameHost(host: string) {
  return (wx: object) => ({
    ...wx,
    request(options: { url: string; success?: (result: object) => void }) {
      const success = (result: object) => {
        const { data } = Object(result);
        if (options.url.endsWith('Action=ApplyUploadUGC')) {
          data.data.MiniProgramAccelerateHost = host;
        }
        options.success?.(result);
      };
      return Object(wx).request({ ...options, success });
    },
  });
}
