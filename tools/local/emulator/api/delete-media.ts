import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { ManifestError, parseManifest } from '../manifest.ts';
import { isoTimeOf } from '../new-media.ts';
import type { Media } from '../state.ts';
import { nameOf, removeStored } from '../stored-bytes.ts';
import { defineAction } from './define-action.ts';
import { application, integer } from './parameters.ts';
import type { ApiServices } from './services.ts';
import { demandMedia, folderOf } from './stored-media.ts';

const PARTS = [
  'OriginalFiles',
  'TranscodeFiles',
  'AdaptiveDynamicStreamingFiles',
  'WechatPublishFiles',
  'WechatMiniProgramPublishFiles',
] as const;

const part = v.strictObject({ Type: v.picklist(PARTS), Definition: v.optional(integer, 0) });

/**
 * https://cloud.tencent.com/document/product/266/31764. Only original files exist here, so deleting other parts
 * succeeds and changes nothing.
 */
export const deleteMedia = defineAction({
  entries: {
    ...application,
    FileId: v.string(),
    DeleteParts: v.optional(v.array(part), []),
  },
  async perform(api, { FileId, DeleteParts }) {
    const { state, events } = api;
    const media = demandMedia(api, FileId, 'ResourceNotFound');
    const isWhole = DeleteParts.length === 0;
    const hasOriginals = DeleteParts.some(({ Type }) => Type === 'OriginalFiles');
    if (isWhole) state.media.delete(FileId);
    else if (hasOriginals) state.media.set(FileId, withoutFiles(media, isoTimeOf(api.now())));
    events.recordDeletion(FileId, DeleteParts);
    await state.save();
    // Files that cannot be removed no longer belong to a media, and do no harm.
    if (isWhole || hasOriginals) await removeFiles(api, media).catch(() => undefined);
    events.start();
    return {};
  },
});

function withoutFiles(media: Media, updateTime: string): Media {
  return { ...media, coverPath: null, mediaUrl: '', coverUrl: '', updateTime };
}

async function removeFiles(api: ApiServices, media: Media): Promise<void> {
  const segments = media.type === 'm3u8' ? await listSegments(api, media) : [];
  const paths = [media.mediaPath, ...segments.map((segment) => `${folderOf(media)}${segment}`)];
  if (media.coverPath !== null) paths.push(media.coverPath);
  for (const path of paths) await removeStored(api, path);
}

/** Returns the files that a playlist names in its own folder; none if it cannot be read. */
async function listSegments(api: ApiServices, media: Media): Promise<readonly string[]> {
  const object = await api.objects.find(nameOf(api.account, media.mediaPath));
  if (object === undefined) return [];
  try {
    return parseManifest(await text(api.objects.read(object, 0, object.size - 1)), 'm3u8');
  } catch (error) {
    if (error instanceof ManifestError) return [];
    throw error;
  }
}
