import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { VodUploadRequest } from 'vod-node-sdk';
import { happens } from '../../support/activities.ts';
import { fetchSha256, sha256 } from '../../support/digest.ts';
import { uploadFromServer } from '../../support/local-upload-client.ts';
import { useStack } from '../../support/stack-stage.ts';

const stage = useStack();

beforeEach(() => {
  // Otherwise the storage SDK inside writes its files into the home directory.
  vi.stubEnv('XDG_CONFIG_HOME', stage.dir);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

function upload(fields: Partial<VodUploadRequest>) {
  return uploadFromServer(stage.stack, fields);
}

async function write(name: string, content: Buffer | string): Promise<string> {
  const file = join(stage.dir, name);
  await writeFile(file, content);
  return file;
}

describe('the vendor’s server upload SDK', () => {
  it('uploads a file with its cover, and the event is delivered', async () => {
    const film = randomBytes(3 * 1024 * 1024 + 1);
    const cover = randomBytes(5_000);

    const { FileId, MediaUrl, CoverUrl } = await upload({
      MediaFilePath: await write('film.mp4', film),
      CoverFilePath: await write('cover.png', cover),
      SourceContext: 'from-a-server',
    });

    expect(await fetchSha256(MediaUrl)).toBe(sha256(film));
    expect(await fetchSha256(CoverUrl ?? '')).toBe(sha256(cover));
    const { log } = await happens(stage.stack, 'function', (call) =>
      call.log.some((line) => line['fileId'] === FileId),
    );
    expect(log[0]).toMatchObject({ status: 200, eventType: 'NewFileUpload', sourceType: 'Upload' });
  });

  it('uploads an HLS set with its segments next to the manifest', async () => {
    await mkdir(join(stage.dir, 'segments'));
    const segments = [randomBytes(2_000), randomBytes(3_000)];
    await write('segments/a.ts', segments[0] ?? '');
    await write('segments/b.ts', segments[1] ?? '');
    const manifest = [
      '#EXTM3U',
      '#EXT-X-TARGETDURATION:10',
      '#EXTINF:10,',
      'segments/a.ts',
      '#EXTINF:10,',
      'segments/b.ts',
      '#EXT-X-ENDLIST',
      '',
    ].join('\n');

    const { MediaUrl } = await upload({ MediaFilePath: await write('live.m3u8', manifest) });

    expect(await fetchSha256(MediaUrl)).toBe(sha256(Buffer.from(manifest)));
    for (const [index, name] of ['segments/a.ts', 'segments/b.ts'].entries()) {
      const url = new URL(name, MediaUrl).href;
      expect(await fetchSha256(url)).toBe(sha256(segments[index] ?? Buffer.alloc(0)));
    }
  });

  it('uploads into the application of a tenant, but not into one that does not exist', async () => {
    const subAppIds = { acme: 1_500_000_002 };
    await stage.restart({
      custom: { upload: { policy: { tenants: { claim: 'org', subAppIds } } } },
    });
    const MediaFilePath = await write('film.mp4', 'film');

    const { FileId } = await upload({ MediaFilePath, SubAppId: subAppIds.acme });

    const { event } = await happens(stage.stack, 'notification', (sent) => sent.fileId === FileId);
    expect(event).toMatchObject({ EventType: 'NewFileUpload' });
    await expect(upload({ MediaFilePath, SubAppId: 7 })).rejects.toMatchObject({
      code: 'InvalidParameterValue.SubAppId',
    });
  });

  it('is refused with another key', async () => {
    const fields = { MediaFilePath: await write('film.mp4', 'film') };

    const refused = uploadFromServer(stage.stack, fields, 'another-key-example');

    await expect(refused).rejects.toMatchObject({ code: 'AuthFailure.SignatureFailure' });
  });
});
