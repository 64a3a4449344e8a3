import type {
  MediaBasicInfo,
  MediaMetaData,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { MediaFields } from '../ledger/upload-row.ts';
import type { MediaFacts } from '../policy/judge-media.ts';
import type { UploadMethod } from '../uploads/upload-state.ts';
import { parseIsoTime } from '../validation/iso-time.ts';
import type { ReceivedEvent } from './received-event.ts';
import { readNumber, readText, readWhole } from './vod-value.ts';

/** How VOD writes that a media is kept for ever: https://cloud.tencent.com/document/product/266/31773. */
const FOR_EVER = '9999-12-31T23:59:59Z';

/** Sources of a media that is a recording: https://cloud.tencent.com/document/product/266/31773. */
const RECORDINGS: ReadonlySet<unknown> = new Set(['Record', 'TrtcRecord', 'WebPageRecord']);

/** Answers what an event says of its media, in the words of an upload. */
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
    size: readWhole(meta?.Size),
    duration: readNumber(meta?.Duration),
  };
}

/**
 * Answers what VOD has found out of a media. Where it has not looked at it, or cannot read it, it says nothing, or has
 * zeros and an empty container.
 */
export function readMediaFacts(
  basic: MediaBasicInfo | undefined,
  meta: MediaMetaData | undefined,
): MediaFacts {
  const container = readText(meta?.Container);
  const read = (value: unknown) => {
    const number = readNumber(value);
    return number === 0 && container === undefined ? undefined : number;
  };
  return {
    type: readText(basic?.Type),
    container,
    size: read(meta?.Size),
    duration: read(meta?.Duration),
  };
}

/** Answers what an upload said on the way in, as far as its media does not say it. */
export function readContextFields({ envelope, sourceContext }: ReceivedEvent): MediaFields {
  const limits = Object.entries(envelope?.limits ?? {}).filter(([, limit]) => limit !== undefined);
  return {
    sourceContext: readText(sourceContext),
    ...(limits.length === 0 ? {} : { limits: Object.fromEntries(limits) }),
  };
}

/** Answers by which way a media came in. */
export function readMethod(
  { envelope, sourceContext }: ReceivedEvent,
  basic: MediaBasicInfo | undefined,
): UploadMethod {
  if (envelope !== undefined) return envelope.method;
  if (RECORDINGS.has(basic?.SourceInfo?.SourceType)) return 'live';
  // The console is the one way of uploading that cannot give a context along.
  return sourceContext === '' ? 'console' : 'other';
}

function readExpireTime(text: unknown): number | undefined {
  if (typeof text !== 'string' || text === FOR_EVER) return undefined;
  const seconds = parseIsoTime(text);
  return seconds === undefined ? undefined : seconds * 1_000;
}
