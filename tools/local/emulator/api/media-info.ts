import { buildMediaBasicInfo } from '../events/media-basic-info.ts';
import type { Media } from '../state.ts';
import type { ApiAnswer, ApiServices } from './services.ts';

/** The members of `MediaInfo` by the filters that select them; members that the emulator does not know stay null. */
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

/** A part of `MediaInfo` that can be selected. */
type MediaFilter = keyof typeof MEMBERS;

/** Every {@link MediaFilter}. */
export const MEDIA_FILTERS = Object.keys(MEMBERS) as [MediaFilter, ...MediaFilter[]];

/** Returns `MediaInfo` of a media: the parts in `filters`, or all parts if `filters` is empty. */
export function describeMedia(
  api: ApiServices,
  media: Media,
  filters: readonly MediaFilter[],
): ApiAnswer {
  const wants = (filter: MediaFilter) => filters.length === 0 || filters.includes(filter);
  return {
    ...Object.fromEntries(Object.values(MEMBERS).map((member) => [member, null])),
    FileId: media.fileId,
    BasicInfo: wants('basicInfo') ? buildMediaBasicInfo(media, api.state.classes) : null,
    MetaData: wants('metaData') ? media.metaData : null,
  };
}
