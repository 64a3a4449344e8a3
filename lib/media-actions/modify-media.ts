import type { ModifyMediaInfoRequest } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { MediaFields } from '../ledger/upload-row.ts';
import { parseIsoTime } from '../validation/iso-time.ts';
import { type ActionOutcome, DONE, explainFailure, isGone } from './action-outcome.ts';
import type { ActionDependencies, DueAction } from './due-action.ts';
import type { ModifyDetail } from './media-action.ts';

/** One thing that is to be set. */
type Setting = Omit<ModifyMediaInfoRequest, 'FileId' | 'SubAppId'>;

/**
 * Sets each thing by a call of its own, so that one that VOD refuses keeps no other from being set: when a media is to
 * be deleted matters more than its class. The one that went worst is the outcome.
 */
export async function modifyMedia(
  action: DueAction,
  { parameters, coverUrl }: ModifyDetail,
  dependencies: ActionDependencies,
): Promise<ActionOutcome> {
  const { ExpireTime, ClassId, AddTags } = parameters;
  const settings: readonly Setting[] = [
    ...(ExpireTime === undefined ? [] : [{ ExpireTime }]),
    ...(ClassId === undefined ? [] : [{ ClassId }]),
    ...(AddTags === undefined ? [] : [{ AddTags }]),
  ];
  const outcomes: Modified[] = [];
  for (const setting of settings) outcomes.push(await modify(action, setting, dependencies));
  if (coverUrl !== undefined) outcomes.push(await setCover(action, coverUrl, dependencies));

  const set = Object.assign({}, ...outcomes.map(({ fields }) => fields));
  await keepFields(action, set, dependencies);
  const failed = (kind: ActionOutcome['kind']) =>
    outcomes.find(({ outcome }) => outcome.kind === kind)?.outcome;
  return failed('retry') ?? failed('dead') ?? DONE;
}

interface Modified {
  readonly outcome: ActionOutcome;
  /** What is so now. */
  readonly fields?: MediaFields;
}

async function modify(
  { fileId, subAppId }: DueAction,
  setting: Setting,
  { api, remainingMilliseconds }: ActionDependencies,
): Promise<Modified> {
  try {
    const request = { FileId: fileId, ...setting };
    const { CoverUrl } = await api.modifyMediaInfo(request, { remainingMilliseconds, subAppId });
    return { outcome: DONE, fields: describeSetting(setting, CoverUrl) };
  } catch (error) {
    return { outcome: isGone(error) ? DONE : explainFailure(error) };
  }
}

async function setCover(
  action: DueAction,
  url: string,
  dependencies: ActionDependencies,
): Promise<Modified> {
  const { fetchCover, remainingMilliseconds } = dependencies;
  const cover = await fetchCover(url, remainingMilliseconds());
  if (cover.kind !== 'fetched') {
    const { kind, error } = cover;
    const cause = Object.assign(new Error('The cover could not be fetched.'), { code: error });
    return { outcome: { kind: kind === 'refused' ? 'dead' : 'retry', error, cause } };
  }
  return modify(action, { CoverData: cover.bytes.toString('base64') }, dependencies);
}

function describeSetting({ ClassId, ExpireTime }: Setting, coverUrl?: string): MediaFields {
  const seconds = ExpireTime === undefined ? undefined : parseIsoTime(ExpireTime);
  return {
    ...(ClassId === undefined ? {} : { classId: ClassId }),
    ...(seconds === undefined ? {} : { mediaExpireTime: seconds * 1_000 }),
    ...(coverUrl ? { coverUrl } : {}),
  };
}

async function keepFields(
  { uploadId }: DueAction,
  fields: MediaFields,
  { ledger }: ActionDependencies,
): Promise<void> {
  if (ledger === undefined || uploadId === undefined || Object.keys(fields).length === 0) return;
  // Its state is no news: of all facts this one changes none.
  await ledger.changeState(uploadId, 'issued', fields);
}
