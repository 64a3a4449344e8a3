import type { MediaBasicInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { MediaFields } from '../model/upload.ts';
import type { UploadMethod } from '../model/upload-state.ts';
import { readText } from '../vod/vod-value.ts';
import type { ReceivedEvent } from './received-event.ts';

/** Returns what an upload said on the way in, as far as its media does not say it. */
export function readContextFields({ envelope, sourceContext }: ReceivedEvent): MediaFields {
  const limits = Object.entries(envelope?.limits ?? {}).filter(([, limit]) => limit !== undefined);
  return {
    sourceContext: readText(sourceContext),
    ...(limits.length === 0 ? {} : { limits: Object.fromEntries(limits) }),
  };
}

/** Returns by which way a media came in. */
export function readMethod(
  { envelope, sourceContext }: ReceivedEvent,
  basic: MediaBasicInfo | undefined,
): UploadMethod {
  if (envelope !== undefined) return envelope.method;
  if (RECORDINGS.has(basic?.SourceInfo?.SourceType)) return 'live';
  // The console is the one way of uploading that cannot give a context along.
  return sourceContext === '' ? 'console' : 'other';
}

/** Sources of a media that is a recording: https://cloud.tencent.com/document/product/266/31773. */
const RECORDINGS: ReadonlySet<unknown> = new Set(['Record', 'TrtcRecord', 'WebPageRecord']);
