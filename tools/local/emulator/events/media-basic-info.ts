import { buildSourceInfo } from '../recording.ts';
import type { Media, MediaClass } from '../state.ts';

/** Returns the names of a category and its ancestors, from the top. */
function namesTo(
  classId: number,
  classes: ReadonlyMap<string, MediaClass>,
): readonly [string, ...string[]] {
  if (classId === 0) return ['Other'];
  const found = classes.get(String(classId));
  // Uploads may name a category that does not exist here; what the service returns then is not known.
  if (found === undefined) return [`Category ${classId}`];
  return found.parentId === -1 ? [found.name] : [...namesTo(found.parentId, classes), found.name];
}

/** Returns `MediaBasicInfo` of a media, in the service's own spelling. */
export function buildMediaBasicInfo(
  media: Media,
  classes: ReadonlyMap<string, MediaClass>,
): Readonly<Record<string, unknown>> {
  const names = namesTo(media.classId, classes);
  return {
    Name: media.name,
    Description: media.description,
    CreateTime: media.createTime,
    UpdateTime: media.updateTime,
    ExpireTime: media.expireTime,
    ClassId: media.classId,
    ClassName: names.at(-1),
    ClassPath: names.join('-'),
    CoverUrl: media.coverUrl,
    Type: media.type,
    MediaUrl: media.mediaUrl,
    SourceInfo: buildSourceInfo(media.sourceContext, media.recording),
    StorageRegion: media.storageRegion,
    StoragePath: media.mediaPath,
    TagSet: media.tags,
    Vid: media.fileId,
    Category: media.category,
    Status: 'Normal',
    StorageClass: 'STANDARD',
  };
}
