import * as v from 'valibot';
import { defined } from '../../../../lib/validation/json-object.ts';
import { imageTypeOf } from '../image-type.ts';
import { FOR_EVER, isoTimeOf, urlOf } from '../new-media.ts';
import type { Media } from '../state.ts';
import { removeStored, storeBytes } from '../stored-bytes.ts';
import { newFileId } from '../ugc/identifiers.ts';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import { application, givenText, integer, readExpireTime, textOfCharacters } from './parameters.ts';
import type { ApiServices } from './services.ts';
import { demandMedia, folderOf } from './stored-media.ts';

const MAX_TAGS = 16;
const tags = v.optional(v.array(textOfCharacters(32)), []);
const unsupported = v.optional(v.unknown());

/** What the service can change, but the emulator does not store. */
const UNSUPPORTED = {
  AddKeyFrameDescs: unsupported,
  DeleteKeyFrameDescs: unsupported,
  ClearKeyFrameDescs: unsupported,
  AddSubtitles: unsupported,
  DeleteSubtitleIds: unsupported,
  ClearSubtitles: unsupported,
  DeleteKnowledgeBases: unsupported,
  ClearKnowledgeBases: unsupported,
};

interface TagChange {
  readonly AddTags: readonly string[];
  readonly DeleteTags: readonly string[];
  readonly ClearTags?: number | undefined;
}

/**
 * https://cloud.tencent.com/document/product/266/31762, without what {@link UNSUPPORTED} names. Any category is
 * accepted.
 */
export const modifyMediaInfo = defineAction({
  entries: {
    ...application,
    ...UNSUPPORTED,
    FileId: v.string(),
    Name: v.optional(textOfCharacters(64)),
    Description: v.optional(textOfCharacters(128)),
    ClassId: v.optional(v.pipe(integer, v.minValue(0))),
    ExpireTime: v.optional(v.string()),
    CoverData: v.optional(v.string()),
    AddTags: tags,
    DeleteTags: tags,
    ClearTags: v.optional(integer),
  },
  codes: {
    Name: 'InvalidParameterValue.Name',
    Description: 'InvalidParameterValue.Description',
    AddTags: 'InvalidParameterValue.TagTooLong',
    DeleteTags: 'InvalidParameterValue.TagTooLong',
  },
  async perform(api, input) {
    refuseUnsupported(input);
    const media = demandMedia(api, input.FileId, 'ResourceNotFound.FileNotExist');
    const changedTags = changeTags(media.tags, input);
    const expireTime =
      input.ExpireTime === FOR_EVER
        ? FOR_EVER
        : readExpireTime(api, input.ExpireTime, 'InvalidParameterValue.ExpireTime');
    const cover = givenText(input.CoverData);
    const coverPath = cover === undefined ? undefined : await storeCover(api, media, cover);
    // The media may have changed while the cover was stored.
    const current = demandMedia(api, input.FileId, 'ResourceNotFound.FileNotExist');
    api.state.media.set(media.fileId, {
      ...current,
      ...defined({ name: input.Name, description: input.Description, classId: input.ClassId }),
      ...(expireTime === null ? {} : { expireTime }),
      ...(coverPath === undefined ? {} : { coverPath, coverUrl: urlOf(api, coverPath) }),
      tags: changedTags,
      updateTime: isoTimeOf(api.now()),
    });
    await api.state.save();
    return { CoverUrl: coverPath === undefined ? '' : urlOf(api, coverPath), AddedSubtitleSet: [] };
  },
});

function refuseUnsupported(input: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(UNSUPPORTED).filter((name) => input[name] !== undefined);
  if (given.length === 0) return;
  throw apiError('UnsupportedOperation', `The local emulator cannot change ${given.join(', ')}`);
}

function changeTags(tagsBefore: readonly string[], change: TagChange): string[] {
  const { AddTags, DeleteTags, ClearTags } = change;
  if (ClearTags === 1 && AddTags.length > 0) {
    throw apiError(
      'InvalidParameterValue.AddTagsAndClearTagsConflict',
      'ClearTags and AddTags exclude each other',
    );
  }
  const both = AddTags.find((tag) => DeleteTags.includes(tag));
  if (both !== undefined) {
    throw apiError(
      'InvalidParameterValue.AddTagsAndDeleteTagsConflict',
      `The tag ${both} is in AddTags and in DeleteTags`,
    );
  }
  const kept = ClearTags === 1 ? [] : tagsBefore.filter((tag) => !DeleteTags.includes(tag));
  const changed = [...new Set([...kept, ...AddTags])];
  if (changed.length <= MAX_TAGS) return changed;
  throw apiError(
    'LimitExceeded.TagCountReachMax',
    `The media would have ${changed.length} tags, ${MAX_TAGS} are allowed`,
  );
}

async function storeCover(api: ApiServices, media: Media, data: string): Promise<string> {
  const isBase64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(data);
  const bytes = Buffer.from(isBase64 ? data : '', 'base64');
  const type = imageTypeOf(bytes);
  if (type === undefined) {
    throw apiError(
      'InvalidParameterValue.ImageDecodeError',
      'CoverData is not the Base64 of a gif, jpeg or png',
    );
  }
  const path = `${folderOf(media)}${newFileId()}.${type}`;
  await storeBytes(api, path, bytes);
  if (media.coverPath !== null) await removeStored(api, media.coverPath);
  return path;
}
