import type {
  MediaBasicInfo,
  ModifyMediaInfoRequest,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import * as v from 'valibot';
import type { MediaFields } from '../model/upload.ts';
import { parseIsoMilliseconds } from '../validation/iso-time.ts';
import { defined } from '../validation/json-object.ts';
import { readText } from '../vod/event.ts';
import { readMediaFields } from '../vod/media.ts';

/** Settings of a media file, by the names of parameters: https://cloud.tencent.com/document/product/266/31762. */
export const SETTING_NAMES = ['ExpireTime', 'ClassId', 'AddTags', 'CoverData'] as const;

/** One of {@link SETTING_NAMES}. */
export type SettingName = (typeof SETTING_NAMES)[number];

/** What is to be set. */
export type Settings = Pick<ModifyMediaInfoRequest, SettingName>;

/** {@link MediaState} as it is stored. */
export const mediaState = v.object({
  classId: v.exactOptional(v.number()),
  /** Unix milliseconds; missing if the media never expire. */
  mediaExpireTime: v.exactOptional(v.number()),
  tags: v.array(v.string()),
  coverUrl: v.exactOptional(v.string()),
  /** Time of the last change, as VOD writes it. */
  updateTime: v.exactOptional(v.string()),
});

/** The settings of a media file, as VOD reports them. */
export type MediaState = v.InferOutput<typeof mediaState>;

/** Returns the settings in `basic`, from DescribeMediaInfos: https://cloud.tencent.com/document/product/266/31773. */
export function readMediaState(basic: MediaBasicInfo | undefined): MediaState {
  const { classId, mediaExpireTime, coverUrl } = readMediaFields(basic, undefined);
  const updateTime = readText(basic?.UpdateTime);
  const tags = (basic?.TagSet ?? []).filter((tag) => typeof tag === 'string');
  return { tags, ...defined({ classId, mediaExpireTime, coverUrl, updateTime }) };
}

/** Returns whether a media file already has `settings`. Unknown for a cover: VOD stores it under its own URL. */
export function isAsWanted(name: SettingName, settings: Settings, state: MediaState): boolean {
  switch (name) {
    case 'ExpireTime':
      return state.mediaExpireTime === parseIsoMilliseconds(settings.ExpireTime);
    case 'ClassId':
      return state.classId === settings.ClassId;
    case 'AddTags':
      return (settings.AddTags ?? []).every((tag) => state.tags.includes(tag));
    case 'CoverData':
      return false;
  }
}

/** Returns whether the setting `name` is the same in both. */
export function isUnchanged(name: SettingName, before: MediaState, now: MediaState): boolean {
  switch (name) {
    case 'ExpireTime':
      return before.mediaExpireTime === now.mediaExpireTime;
    case 'ClassId':
      return before.classId === now.classId;
    case 'AddTags':
      return (
        before.tags.length === now.tags.length && before.tags.every((tag) => now.tags.includes(tag))
      );
    case 'CoverData':
      return before.coverUrl === now.coverUrl;
  }
}

/** Returns whether a media file has no value for the setting `name`, like media that have just arrived. */
export function isFree(name: SettingName, settings: Settings, state: MediaState): boolean {
  switch (name) {
    case 'ExpireTime':
      return state.mediaExpireTime === undefined;
    case 'ClassId':
      // VOD gives media without a class this one: https://cloud.tencent.com/document/product/266/31773.
      return (state.classId ?? 0) === 0;
    case 'AddTags':
      return !(settings.AddTags ?? []).some((tag) => state.tags.includes(tag));
    case 'CoverData':
      return state.coverUrl === undefined;
  }
}

/** Returns the fields of the upload that change after `name` was set and the media file has `state`. */
export function describeSetting(
  name: SettingName,
  { classId, mediaExpireTime, coverUrl }: Partial<MediaState>,
): MediaFields {
  if (name === 'ExpireTime') return defined({ mediaExpireTime });
  if (name === 'ClassId') return defined({ classId });
  return name === 'CoverData' ? defined({ coverUrl }) : {};
}
