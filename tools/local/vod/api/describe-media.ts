import * as v from 'valibot';
import { buildMediaBasicInfo } from '../events/media-basic-info.ts';
import type { Media } from '../state.ts';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import { application } from './parameters.ts';
import type { ApiAnswer, ApiServices } from './services.ts';

/** The members of `MediaInfo` by the filters that ask for them; what is not known of a media here stays null. */
const MEMBERS = {
  basicInfo: 'BasicInfo',
  metaData: 'MetaData',
  transcodeInfo: 'TranscodeInfo',
  animatedGraphicsInfo: 'AnimatedGraphicsInfo',
  sampleSnapshotInfo: 'SampleSnapshotInfo',
  imageSpriteInfo: 'ImageSpriteInfo',
  snapshotByTimeOffsetInfo: 'SnapshotByTimeOffsetInfo',
  keyFrameDescInfo: 'KeyFrameDescInfo',
  adaptiveDynamicStreamingInfo: 'AdaptiveDynamicStreamingInfo',
  miniProgramReviewInfo: 'MiniProgramReviewInfo',
  subtitleInfo: 'SubtitleInfo',
  reviewInfo: 'ReviewInfo',
  mpsAiMediaInfo: 'MPSAiMediaInfo',
  knowledgeBasesInfo: 'KnowledgeBasesInfo',
} as const;

type Filter = keyof typeof MEMBERS;

const FILTERS = Object.keys(MEMBERS) as [Filter, ...Filter[]];
const MOST_FILES = 20;

function describe(api: ApiServices, media: Media, filters: readonly Filter[]): ApiAnswer {
  const wants = (filter: Filter) => filters.length === 0 || filters.includes(filter);
  return {
    ...Object.fromEntries(Object.values(MEMBERS).map((member) => [member, null])),
    FileId: media.fileId,
    BasicInfo: wants('basicInfo') ? buildMediaBasicInfo(media, api.state.classes) : null,
    MetaData: wants('metaData') ? media.metaData : null,
  };
}

/** https://cloud.tencent.com/document/product/266/31763 */
export const describeMediaInfos = defineAction({
  entries: {
    ...application,
    FileIds: v.pipe(v.array(v.string()), v.maxLength(MOST_FILES)),
    Filters: v.optional(v.array(v.picklist(FILTERS)), []),
  },
  codes: { FileIds: 'InvalidParameterValue.FileIdsOverLimit' },
  perform(api, { FileIds, Filters }) {
    const { media } = api.state;
    if (FileIds.length === 0) {
      throw apiError('InvalidParameterValue.FileIdsEmpty', 'FileIds must not be empty');
    }
    const ids = [...new Set(FileIds)];
    return {
      MediaInfoSet: ids.flatMap((id) => {
        const found = media.get(id);
        return found === undefined ? [] : [describe(api, found, Filters)];
      }),
      NotExistFileIdSet: ids.filter((id) => !media.has(id)),
    };
  },
});
