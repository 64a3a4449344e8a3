import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { isoTimeOf } from '../new-media.ts';
import type { Pull } from '../state.ts';
import { categoryOf } from '../ugc/media-types.ts';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import {
  application,
  claimSessionId,
  extensionOf,
  flow,
  givenText,
  integer,
  readExpireTime,
  sourceContext,
} from './parameters.ts';
import type { ApiServices } from './services.ts';
import { refuseStoragePath, refuseUnknownNames } from './upload-actions.ts';

/** https://cloud.tencent.com/document/product/266/35575 says three days; for other actions, other pages say seven. */
const SESSION_ID_SECONDS = 259_200;
const COVER_TYPES = ['gif', 'jpeg', 'jpg', 'png'];

const entries = {
  ...application,
  MediaUrl: v.string(),
  MediaType: v.optional(v.string()),
  MediaName: v.optional(v.string()),
  CoverUrl: v.optional(v.string()),
  Procedure: v.optional(v.string()),
  ExpireTime: v.optional(v.string()),
  StorageRegion: v.optional(v.string()),
  ClassId: v.optional(v.pipe(integer, v.minValue(0)), 0),
  TasksPriority: v.optional(flow.priority, 0),
  SessionContext: v.optional(flow.sessionContext, ''),
  SessionId: v.optional(flow.sessionId),
  ExtInfo: v.optional(v.string()),
  SourceContext: v.optional(sourceContext, ''),
  MediaStoragePath: v.optional(v.string()),
};

/** The parameters of PullUpload, with the default values. */
export type PullUploadInput = v.InferOutput<v.StrictObjectSchema<typeof entries, undefined>>;

/**
 * https://cloud.tencent.com/document/product/266/35575. Checks here need no call to the source; whether the source can
 * be fetched is a result of the task.
 */
export const pullUpload = defineAction({
  entries,
  codes: {
    SessionContext: 'InvalidParameterValue.SessionContextTooLong',
    SessionId: 'InvalidParameterValue.SessionIdTooLong',
  },
  async perform(api, input) {
    refuseStoragePath(input.MediaStoragePath);
    const pull = planPull(api, input);
    claimSessionId(api, 'PullUpload', input.SessionId, SESSION_ID_SECONDS);
    api.pulls.record(pull);
    await api.state.save();
    api.pulls.start();
    return { TaskId: pull.taskId };
  },
});

/**
 * Returns the requested pull; it is not yet in the state.
 *
 * @throws ApiError
 */
export function planPull(
  api: Pick<ApiServices, 'account' | 'now' | 'names'>,
  input: PullUploadInput,
): Pull {
  refuseUnknownNames(api, { classId: input.ClassId, procedure: input.Procedure });
  const url = readUrl(input.MediaUrl);
  if (url === undefined) {
    throw apiError('InvalidParameterValue.MediaUrl', 'MediaUrl is not an http or https URL');
  }
  const file = decode(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
  const { SessionContext, SourceContext, ClassId, TasksPriority } = input;
  return {
    taskId: `${api.account.appId}-pull-${randomBytes(16).toString('hex')}`,
    ...{ status: 'WAITING', errCode: 0, message: '', fileId: '', task: null },
    ...{ createTime: isoTimeOf(api.now()), beginTime: '', finishTime: '' },
    // It is not forgotten before it has ended.
    expiresAt: Number.MAX_SAFE_INTEGER,
    mediaUrl: input.MediaUrl,
    mediaType: chooseType(givenText(input.MediaType) ?? extensionOf(file)),
    // The name of a media whose request has none is our guess.
    mediaName: givenText(input.MediaName) ?? file.replace(/\.[^.]*$/, ''),
    coverUrl: readCoverUrl(givenText(input.CoverUrl)),
    procedure: givenText(input.Procedure) ?? null,
    mediaExpireTime: readExpireTime(api, input.ExpireTime, 'InvalidParameter.ExpireTime'),
    storageRegion: chooseRegion(api, givenText(input.StorageRegion)),
    ...{ classId: ClassId, taskPriority: TasksPriority, sessionContext: SessionContext },
    ...{ sessionId: input.SessionId ?? '', sourceContext: SourceContext },
  };
}

function readUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function chooseType(type: string | undefined): string {
  const lower = type?.toLowerCase() ?? '';
  if (categoryOf(lower) !== undefined) return lower;
  throw apiError(
    'FailedOperation.MediaType',
    lower === ''
      ? 'MediaUrl has no extension: MediaType must say what it is'
      : `${lower} is no type of media that can be pulled`,
  );
}

function readCoverUrl(text: string | undefined): string | null {
  if (text === undefined) return null;
  const url = readUrl(text);
  if (url === undefined) {
    throw apiError('InvalidParameterValue.CoverUrl', 'CoverUrl is not an http or https URL');
  }
  const type = extensionOf(url.pathname);
  if (type === undefined || COVER_TYPES.includes(type)) return text;
  throw apiError('FailedOperation.CoverType', `A cover must be ${COVER_TYPES.join(', ')}`);
}

function chooseRegion(
  { account }: Pick<ApiServices, 'account'>,
  region: string | undefined,
): string {
  if (region === undefined) return account.regions[0];
  if (account.regions.includes(region)) return region;
  throw apiError('InvalidParameter.StorageRegion', `StorageRegion: ${region} is not opened`);
}
