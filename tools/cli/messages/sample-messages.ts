import { deriveUploadId } from '../../../lib/model/upload-id.ts';
import { UPLOAD_STATES, type UploadState } from '../../../lib/model/upload-state.ts';
import { judgeMedia } from '../../../lib/policy/judge-media.ts';
import type { UploadView } from '../../../lib/uploads/upload-view.ts';
import {
  buildUploadMessage,
  buildVodMessage,
  type Message,
} from '../../../lib/webhooks/message.ts';

/** What makes a sample differ from others. */
interface SampleSeed {
  /** A text that is different every time. */
  readonly key: string;
  /** Unix milliseconds. */
  readonly now: number;
}

/** An application and its files that do not exist. */
const SUB_APP_ID = 1_500_000_001;
const FILE_ID = '5285890700000000001';
const MEDIA_URL = `https://${SUB_APP_ID}.vod2.myqcloud.com/example/f0.mp4`;
const MEDIA = { Name: 'holiday', Type: 'mp4', MediaUrl: MEDIA_URL };
const SOURCE = { SourceType: 'Upload', SourceContext: 'order-7' };

/** Made-up events of VOD: https://cloud.tencent.com/document/product/266/33779. */
const VOD_EVENTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  NewFileUpload: {
    FileUploadEvent: {
      FileId: FILE_ID,
      MediaBasicInfo: { ...MEDIA, SourceInfo: SOURCE },
      MetaData: { Size: 5_242_880, Duration: 60.5 },
    },
  },
  PullComplete: {
    PullCompleteEvent: {
      ...{ TaskId: `${SUB_APP_ID}-pull-example`, Status: 'FINISH', ErrCode: 0, Message: 'SUCCESS' },
      ...{ FileId: FILE_ID, FileUrl: MEDIA_URL, MediaBasicInfo: { ...MEDIA, SourceInfo: SOURCE } },
    },
  },
  ProcedureStateChanged: {
    ProcedureStateChangeEvent: {
      ...{ TaskId: `${SUB_APP_ID}-Procedure-example`, Status: 'FINISH', ErrCode: 0 },
      ...{ FileId: FILE_ID, FileName: 'holiday', FileUrl: MEDIA_URL, MediaProcessResultSet: [] },
    },
  },
  FileDeleted: { FileDeleteEvent: { FileIdSet: [FILE_ID], FileDeleteResultInfo: [] } },
};

/** The types of which there are samples. */
export const SAMPLE_TYPES: readonly string[] = [
  ...UPLOAD_STATES.map((state) => `upload.${state}`),
  ...Object.keys(VOD_EVENTS).map((name) => `vod.${name}`),
];

/** Returns a made-up message of a type; undefined if there is none. */
export function makeSample(type: string, seed: SampleSeed): Message | undefined {
  const [kind = '', name = ''] = type.split('.');
  const state = UPLOAD_STATES.find((known) => known === name);
  if (kind === 'upload' && state !== undefined) return buildUploadMessage(makeUpload(state, seed));
  const event = VOD_EVENTS[name];
  if (kind !== 'vod' || event === undefined) return undefined;
  const raw = { EventType: name, ...event };
  return buildVodMessage({ eventId: seed.key, raw, subAppId: SUB_APP_ID, receivedAt: seed.now });
}

const MINUTE = 60_000;

function makeUpload(state: UploadState, { key, now }: SampleSeed): UploadView {
  const at = (minutes: number) => new Date(now + minutes * MINUTE).toISOString();
  return {
    uploadId: deriveUploadId('sample', key),
    method: 'client',
    state,
    owner: 'user-42',
    subAppId: SUB_APP_ID,
    ...(WITHOUT_FILE.has(state) ? {} : FILE),
    sourceContext: SOURCE.SourceContext,
    ...PROBLEMS[state],
    createdAt: at(-2),
    updatedAt: at(0),
    expiresAt: at(58).replace(/\.\d+Z$/, 'Z'),
  };
}

const WITHOUT_FILE: ReadonlySet<UploadState> = new Set(['issued', 'expired', 'cancelled']);

const FILE = {
  fileId: FILE_ID,
  name: 'holiday',
  mediaUrl: MEDIA_URL,
  size: 5_242_880,
  duration: 60.5,
  storageRegion: 'ap-seoul',
};

const LIMITS = { maxSeconds: 60 };

/** Why an upload has failed, or was rejected. */
const PROBLEMS: Readonly<Partial<Record<UploadState, Pick<UploadView, 'problem' | 'limits'>>>> = {
  failed: {
    problem: {
      code: 'processing_failed',
      detail: 'VOD could not process the media.',
      vodErrCode: 1,
    },
  },
  rejected: { limits: LIMITS, problem: { ...judgeMedia(LIMITS, FILE) } },
};
