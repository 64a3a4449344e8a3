import type {
  MediaBasicInfo,
  MediaInfo,
  MediaMetaData,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { MediaFacts, MediaFields } from '../model/upload.ts';
import { parseIsoTime } from '../validation/iso-time.ts';
import { parseVodEvent, readAmount, readText, readWhole, type VodEvent } from './event.ts';
import { hasPullFailed, type MediaTasks } from './tasks.ts';

/** How VOD writes that a media is kept for ever: https://cloud.tencent.com/document/product/266/31773. */
const FOR_EVER = '9999-12-31T23:59:59Z';

/** Returns what an event says of its media, in the words of an upload. */
export function readMediaFields(
  basic: MediaBasicInfo | undefined,
  meta: MediaMetaData | undefined,
): MediaFields {
  return {
    name: readText(basic?.Name),
    mediaUrl: readText(basic?.MediaUrl),
    coverUrl: readText(basic?.CoverUrl),
    storageRegion: readText(basic?.StorageRegion),
    classId: readWhole(basic?.ClassId),
    mediaExpireTime: readExpireTime(basic?.ExpireTime),
    size: readWhole(readSize(meta)),
    duration: readLength(meta),
  };
}

/**
 * Returns what VOD has found out about a media; what it has not found out is missing. Where it has not looked at the
 * file, or cannot read it, it says nothing, or has zeros and an empty container. Of a film or a sound that carries no
 * length (a browser's recording, a stream written to a pipe) it has the streams, and 0 for the length: that is not
 * known. A picture has none, and lasts 0 seconds.
 */
export function readMediaFacts(
  basic: MediaBasicInfo | undefined,
  meta: MediaMetaData | undefined,
): MediaFacts {
  return {
    type: readText(basic?.Type),
    container: readText(meta?.Container),
    size: readSize(meta),
    duration: readLength(meta) ?? (isPicture(basic, meta) ? 0 : undefined),
  };
}

/** Bytes. 0 counts where VOD has read the file. */
function readSize(meta: MediaMetaData | undefined): number | undefined {
  const size = readAmount(meta?.Size);
  return size === 0 && readText(meta?.Container) === undefined ? undefined : size;
}

/** Seconds, more than 0: of the whole, or else of the stream that lasts longest. */
function readLength(meta: MediaMetaData | undefined): number | undefined {
  const whole = readAmount(meta?.Duration) ?? 0;
  const streams = [meta?.VideoDuration, meta?.AudioDuration].map((each) => readAmount(each) ?? 0);
  return whole || Math.max(...streams) || undefined;
}

/**
 * Containers that hold pictures alone, as FFmpeg's demuxers (`png_pipe`), MediaInfo (`bitmap`) and file name extensions
 * call them; VOD documents no list. An animated one has a length where VOD finds it.
 *
 * @see https://ffmpeg.org/ffmpeg-formats.html#image2-1
 */
const PICTURE = /^(?:image2(?:pipe)?|\w+_pipe|a?png|jpe?g|gif|bmp|bitmap|tiff?|webp)$/;

/**
 * What a file is called, and VOD's category with it, anybody may have chosen. So they do not count alone: VOD must have
 * found a picture inside, or at least a size in pixels and no stream.
 */
function isPicture(basic: MediaBasicInfo | undefined, meta: MediaMetaData | undefined): boolean {
  if ((meta?.AudioStreamSet ?? []).length > 0) return false;
  const container = readText(meta?.Container);
  if (container !== undefined) {
    return container
      .toLowerCase()
      .split(',')
      .every((name) => PICTURE.test(name));
  }
  const isSeen = (readAmount(meta?.Width) ?? 0) > 0 && (readAmount(meta?.Height) ?? 0) > 0;
  return basic?.Category === 'Image' && isSeen && (meta?.VideoStreamSet ?? []).length === 0;
}

function readExpireTime(text: unknown): number | undefined {
  if (typeof text !== 'string' || text === FOR_EVER) return undefined;
  const seconds = parseIsoTime(text);
  return seconds === undefined ? undefined : seconds * 1_000;
}

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

/** A media of which an event tells that it came. */
export interface ArrivedMedia {
  readonly fileId: string;
  readonly basic: MediaBasicInfo | undefined;
  readonly meta: MediaMetaData | undefined;
  /** Task of the flow that its upload asked for. */
  readonly procedureTaskId: string | undefined;
}

/** Returns the media that came with `event`, or undefined where none did. */
export function readArrivedMedia(event: VodEvent): ArrivedMedia | undefined {
  if (event.eventType !== 'NewFileUpload' && event.eventType !== 'PullComplete') return undefined;
  const { task } = event;
  const fileId = readText(task.FileId);
  if (fileId === undefined) return undefined;
  if (event.eventType === 'PullComplete') {
    const isDone = event.task.Status === 'FINISH' && !hasPullFailed(event.task);
    if (!isDone) return undefined;
  }
  return {
    fileId,
    basic: task.MediaBasicInfo,
    meta: task.MetaData,
    procedureTaskId: readText(task.ProcedureTaskId),
  };
}
