import type { MediaInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { parseVodEvent, type VodEvent } from './event.ts';
import type { MediaTasks } from './media-tasks.ts';

/** What an event describes a media: the filters that DescribeMediaInfos and SearchMedia are to be asked with. */
export const MEDIA_FILTERS = ['basicInfo', 'metaData'] as const;

/**
 * Returns the event by which VOD tells that `media` came in, or undefined where it is not described. A media does not
 * tell which tasks run on it, so they are given.
 *
 * @param media an item of DescribeMediaInfos or SearchMedia.
 * @see https://cloud.tencent.com/document/product/266/31773
 */
export function describeMediaEvent(media: MediaInfo, tasks: MediaTasks): VodEvent | undefined {
  const event = parseVodEvent({
    EventType: 'NewFileUpload',
    FileUploadEvent: {
      FileId: media.FileId,
      MediaBasicInfo: media.BasicInfo,
      MetaData: media.MetaData,
      ProcedureTaskId: tasks.procedureTaskId,
      ReviewAudioVideoTaskId: tasks.reviewTaskId,
    },
  });
  const described = event.eventType === 'NewFileUpload' && event.task.MediaBasicInfo !== undefined;
  return described ? event : undefined;
}
