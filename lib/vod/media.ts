import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  MediaBasicInfo,
  MediaInfo,
  MediaMetaData,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { MediaFacts, MediaFields } from '../model/upload.ts';
import { Problem } from '../problem.ts';
import type { Deadline } from '../system.ts';
import { parseIsoMilliseconds } from '../validation/iso-time.ts';
import { MAX_DESCRIBED_FILES } from '../validation/limits.ts';
import type { CallOptions } from './call.ts';
import type { VodApi } from './client.ts';
import { parseVodEvent, readAmount, readText, readWhole, type VodEvent } from './event.ts';
import { hasPullFailed, isUnknownToVod, type MediaTasks } from './tasks.ts';

/** Expiry time with which VOD marks media that never expire: https://cloud.tencent.com/document/product/266/31773. */
const FOR_EVER = '9999-12-31T23:59:59Z';

/** Returns the fields of an event's media under the names of an upload. */
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
 * Returns what VOD has found out about a media file; the rest is missing. If VOD has not examined the file, or cannot
 * read it, the fields are absent, or are zeros and an empty container. For video or audio without a recorded duration
 * (a browser's recording, a stream written to a pipe) VOD reports the streams and a duration of 0, which here is
 * unknown. A picture has no streams, and lasts 0 seconds.
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

/** Returns bytes. 0 is a size only if VOD has read the file. */
function readSize(meta: MediaMetaData | undefined): number | undefined {
  const size = readAmount(meta?.Size);
  return size === 0 && readText(meta?.Container) === undefined ? undefined : size;
}

/** Returns seconds, more than 0: the duration of the file, or else of its longest stream. */
function readLength(meta: MediaMetaData | undefined): number | undefined {
  const whole = readAmount(meta?.Duration) ?? 0;
  const streams = [meta?.VideoDuration, meta?.AudioDuration].map((each) => readAmount(each) ?? 0);
  return whole || Math.max(...streams) || undefined;
}

/**
 * Containers of pictures, under the names of FFmpeg's demuxers (`png_pipe`), MediaInfo (`bitmap`) and file name
 * extensions; VOD documents no list. An animated picture has a duration if VOD finds one.
 *
 * @see https://ffmpeg.org/ffmpeg-formats.html#image2-1
 */
const PICTURE = /^(?:image2(?:pipe)?|\w+_pipe|a?png|jpe?g|gif|bmp|bitmap|tiff?|webp)$/;

/**
 * The uploader chooses the name of a file, and VOD derives its category from that, so these alone prove nothing: VOD
 * must have found a picture in the file, or at least a size in pixels and no stream.
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
  return text === undefined || text === FOR_EVER ? undefined : parseIsoMilliseconds(text);
}

/** Filters for DescribeMediaInfos and SearchMedia that select what an event says about its media. */
export const MEDIA_FILTERS = ['basicInfo', 'metaData'] as const;

/**
 * Returns the event with which VOD reports the arrival of `media`, or undefined if its description is missing. The
 * tasks are a parameter, since `media` does not name those that run on it.
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

/** A media file whose arrival an event reports. */
export interface ArrivedMedia {
  readonly fileId: string;
  readonly basic: MediaBasicInfo | undefined;
  readonly meta: MediaMetaData | undefined;
  /** Task of the flow that its upload requested. */
  readonly procedureTaskId: string | undefined;
}

/** Returns the media whose arrival `event` reports, or undefined if it reports none. */
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

type DescribeFiles = VodApi['describeMediaInfos'];

/** Files that VOD is about to be asked about in one call. */
interface Page {
  readonly subAppId: number | undefined;
  readonly fileIds: Set<string>;
  readonly deadlines: Deadline[];
  readonly answer: ReturnType<DescribeFiles>;
}

/** Most milliseconds by which a call about several files may end before one of those who ask has to. */
const MAX_SHORTENED = 500;

const NEVER: Deadline = { left: () => Number.POSITIVE_INFINITY };

/** Returns whether one who asks with this deadline may join a page without shortening anybody's time. */
function mayJoin(page: Page, subAppId: number | undefined, deadline: Deadline): boolean {
  if (page.subAppId !== subAppId || page.fileIds.size >= MAX_DESCRIBED_FILES) return false;
  const left = deadline.left();
  return page.deadlines.every((each) => {
    const other = each.left();
    return other === left || Math.abs(other - left) < MAX_SHORTENED;
  });
}

/**
 * Returns a form of DescribeMediaInfos that joins questions about single files of one application that are asked at the
 * same time, or while such a call waits for its turn, into calls about up to 20 files. Each gets the answer about all of
 * them. If that call is refused, or its answer cannot be read, each is asked alone, since one file may be the reason.
 *
 * A call has the shortest deadline of its questions, so only those are joined whose deadlines are about the same.
 *
 * `describe` reads the ids of a request when it sends it, since more may be added until then.
 *
 * All questions must have the same filters.
 */
export function joinFiles(describe: DescribeFiles): DescribeFiles {
  const open = new Set<Page>();
  const openPage = (subAppId: number | undefined, filters: readonly string[] = []) => {
    const fileIds = new Set<string>();
    const deadlines: Deadline[] = [];
    const deadline = { left: () => Math.min(...deadlines.map((each) => each.left())) };
    const close = () => open.delete(page);
    const request = {
      // The call may have to wait for its turn, and others can join until it is sent.
      get FileIds() {
        close();
        return [...fileIds];
      },
      Filters: [...filters],
    };
    const send = async () => {
      await nextTurn();
      return describe(request, { subAppId, deadline }).finally(close);
    };
    const page: Page = { subAppId, fileIds, deadlines, answer: send() };
    open.add(page);
    return page;
  };
  const join = (fileId: string, filters: readonly string[] | undefined, options: CallOptions) => {
    const { subAppId, deadline = NEVER } = options;
    const joined = [...open].find((each) => mayJoin(each, subAppId, deadline));
    const page = joined ?? openPage(subAppId, filters);
    page.fileIds.add(fileId);
    page.deadlines.push(deadline);
    return page;
  };
  return async (request, options = {}) => {
    const [fileId, ...others] = request.FileIds ?? [];
    if (fileId === undefined || others.length > 0) return describe(request, options);
    const { answer, fileIds } = join(fileId, request.Filters, options);
    try {
      return await answer;
    } catch (error) {
      const isOfAll = error instanceof Problem && !isUnknownToVod(error);
      if (fileIds.size === 1 || isOfAll) throw error;
      return describe(request, options);
    }
  };
}
