import { posix } from 'node:path';
import type { Client, UploadPlan } from '../../../support/clients/client.ts';
import { newFile } from '../../../support/clients/client-stage.ts';
import { makeBytes } from '../../../support/made-file.ts';
import type { StackStage } from '../../../support/stack-stage.ts';
import type { ServerClient } from './server-client.ts';
import { createSteps } from './upload-steps.ts';

/**
 * Returns a client that makes each upload by the requests of a vendor's server SDK, to the stage's stack. Their order is
 * that of `doUpload` in `client.go`, and of `upload` in `vod_upload_client.py` and in `VodUploadClient.php`.
 */
export function createRequestsClient(stage: StackStage, client: ServerClient): Client {
  const steps = createSteps(client, () => {
    const { origin, account } = stage.stack;
    return { port: Number(new URL(origin).port), account };
  });

  /** Returns the other files of a playlist, in the order in which the SDK finds them; none of any other file. */
  async function listSegments(files: ReadonlyMap<string, Buffer>, path: string): Promise<string[]> {
    const ManifestType = typeOf(path);
    if (!['m3u8', 'mpd'].includes(ManifestType)) return [];
    const MediaManifestContent = contentOf(files, path).toString();
    const parameters = { MediaManifestContent, ManifestType };
    const { MediaSegmentSet } = await steps.call('ParseStreamingManifest', parameters);
    const found: string[] = [];
    for (const name of MediaSegmentSet) {
      const segment = posix.join(posix.dirname(path), name);
      found.push(segment, ...(await listSegments(files, segment)));
    }
    return found;
  }

  return {
    inParts: {
      bytes: client.maxPutBytes + 8,
      parts: Math.ceil((client.maxPutBytes + 8) / client.partSize),
    },

    async upload(plan) {
      const { media, cover, subAppId: SubAppId } = plan;
      const { film = makeBytes(media), playlist = { [media.name]: film } } = plan;
      const key = { ...stage.stack.account, ...(plan.secretKey && { secretKey: plan.secretKey }) };
      const files = new Map(
        Object.entries(playlist).map(([path, content]) => [path, Buffer.from(content)]),
      );
      const [path = ''] = files.keys();
      const segments = await listSegments(files, path);
      const applied = await steps.call('ApplyUpload', describeApply(plan, path), key);
      const store = (target: string, bytes: Buffer) =>
        steps.store(steps.targetOf(applied, target), bytes);
      await store(applied.MediaStoragePath, contentOf(files, path));
      if (cover !== undefined) await store(applied.CoverStoragePath, makeBytes(cover));
      const folder = posix.dirname(applied.MediaStoragePath);
      for (const segment of segments) {
        await store(posix.join(folder, segment), contentOf(files, segment));
      }
      const commit = { VodSessionKey: applied.VodSessionKey, SubAppId };
      const { FileId, MediaUrl, CoverUrl } = await steps.call('CommitUpload', commit, key);
      return { fileId: FileId, mediaUrl: MediaUrl, ...(CoverUrl && { coverUrl: CoverUrl }) };
    },

    async store({ secretKey, key: path }) {
      const media = newFile('film.mp4', 1_000);
      const applied = await steps.call('ApplyUpload', describeApply({ media }, media.name));
      const target = steps.targetOf(applied, path ? `/${path}` : applied.MediaStoragePath);
      const key = { ...target.key, ...(secretKey && { secretKey }) };
      await steps.store({ ...target, key }, makeBytes(media));
    },
  };
}

/** Returns the parameters of ApplyUpload, in the order of the vendor's models. `path` is that of the media file. */
function describeApply({ cover, wish = {}, subAppId }: UploadPlan, path: string) {
  const type = typeOf(path);
  return {
    ...{ MediaType: type, SubAppId: subAppId, MediaName: posix.basename(path, `.${type}`) },
    ...{ CoverType: cover && typeOf(cover.name), Procedure: wish.procedure },
    ...{ ExpireTime: wish.expireTime, StorageRegion: wish.storageRegion, ClassId: wish.classId },
    ...{ SourceContext: wish.sourceContext, SessionContext: wish.sessionContext },
  };
}

function contentOf(files: ReadonlyMap<string, Buffer>, path: string): Buffer {
  const content = files.get(path);
  if (content === undefined) throw new Error(`There is no file ${path}`);
  return content;
}

function typeOf(path: string): string {
  return posix.extname(path).slice(1);
}
