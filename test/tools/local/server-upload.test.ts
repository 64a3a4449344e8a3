import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CloudClient,
  type CosClient,
  type UploadResponse,
  VodUploadClient,
  VodUploadRequest,
} from 'vod-node-sdk';
import { happens } from '../../support/activities.ts';
import { fetchSha256, sha256 } from '../../support/digest.ts';
import { useStack } from '../../support/stack-stage.ts';

const stage = useStack();

beforeEach(() => {
  // The storage SDK inside keeps its notes in the home directory otherwise.
  vi.stubEnv('XDG_CONFIG_HOME', stage.dir);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The vendor's client as it is; the SDK has no option for an endpoint, so each step is pointed here on its way. */
class LocalUploadClient extends VodUploadClient {
  override applyUpload(client: CloudClient, request: object) {
    return super.applyUpload(pointHere(client), request);
  }

  override commitUpload(client: CloudClient, request: object) {
    return super.commitUpload(pointHere(client), request);
  }

  override parseStreamingManifest(client: CloudClient, request: object) {
    return super.parseStreamingManifest(pointHere(client), request);
  }

  override cosUpload(cos: CosClient, bucket: string, region: string, key: string, file: string) {
    Object.assign(cos.options, { Protocol: 'http:', Ip: address() });
    return super.cosUpload(cos, bucket, region, key, file);
  }
}

function address(): string {
  return `127.0.0.1:${new URL(stage.stack.origin).port}`;
}

function pointHere(client: CloudClient): CloudClient {
  Object.assign(client.profile.httpProfile, { endpoint: address(), protocol: 'http://' });
  return client;
}

function upload(fields: Partial<VodUploadRequest>): Promise<UploadResponse> {
  const { secretId, secretKey, subAppId } = stage.stack.account;
  const client = new LocalUploadClient(secretId, secretKey);
  const request = Object.assign(new VodUploadRequest(), { SubAppId: subAppId, ...fields });
  return new Promise((resolve, reject) => {
    client.upload('ap-singapore', request, (error, response) =>
      response === null ? reject(error) : resolve(response),
    );
  });
}

async function write(name: string, content: Buffer | string): Promise<string> {
  const file = join(stage.dir, name);
  await writeFile(file, content);
  return file;
}

describe('the vendor’s server upload SDK', () => {
  it('uploads a file with its cover, and the event arrives', async () => {
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

  it('uploads an HLS set, its segments beside the manifest', async () => {
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

  it('is refused with another key', async () => {
    const client = new LocalUploadClient(stage.stack.account.secretId, 'another-key-example');
    const request = Object.assign(new VodUploadRequest(), {
      MediaFilePath: await write('film.mp4', 'film'),
    });

    const refused = new Promise((_resolve, reject) => {
      client.upload('ap-singapore', request, reject);
    });

    await expect(refused).rejects.toMatchObject({ code: 'AuthFailure.SignatureFailure' });
  });
});
