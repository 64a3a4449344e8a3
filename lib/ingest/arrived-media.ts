import type {
  MediaBasicInfo,
  MediaMetaData,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { VodEvent } from '../vod/event.ts';
import { readText, readWhole } from '../vod/vod-value.ts';

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
    const { Status: status, ErrCode: errCode } = event.task;
    if (status !== 'FINISH' || (readWhole(errCode) ?? 0) !== 0) return undefined;
  }
  return {
    fileId,
    basic: task.MediaBasicInfo,
    meta: task.MetaData,
    procedureTaskId: readText(task.ProcedureTaskId),
  };
}
