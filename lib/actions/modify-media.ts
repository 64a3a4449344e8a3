import { type Attempt, DONE, type Retry } from '../model/attempt.ts';
import type { MediaFields } from '../model/upload.ts';
import { Problem } from '../problem.ts';
import { parseIsoMilliseconds } from '../validation/iso-time.ts';
import { defined } from '../validation/json-object.ts';
import { MEDIA_FILTERS } from '../vod/media.ts';
import { isUpdatedByTask } from './explain-update.ts';
import {
  type ActionDependencies,
  type DueAction,
  explainFailure,
  isGone,
  type ModifyDetail,
} from './media-action.ts';
import {
  describeSetting,
  isAsWanted,
  isFree,
  isUnchanged,
  type MediaState,
  readMediaState,
  SETTING_NAMES,
  type SettingName,
  type Settings,
} from './media-settings.ts';
import { begin, drop, finish, type ModifyProgress, readProgress } from './modify-progress.ts';

/**
 * Makes a separate call for each setting, so that one that VOD refuses does not stop the others: the expiry of media
 * matters more than their class. The worst result is the outcome.
 *
 * Each is set once. VOD cannot recognise a repeat of such a call, so finished and running calls are recorded. If an
 * answer was lost, the media file is examined: a setting that differs from its value before the call was set, or was
 * changed by a person since.
 */
export async function modifyMedia(
  action: DueAction,
  detail: ModifyDetail,
  dependencies: ActionDependencies,
): Promise<Attempt> {
  const work: Work = { action, dependencies, detail };
  let progress = readProgress(action.progress);
  const tries: Tried[] = [];
  for (const name of listSettings(detail)) {
    const tried = await modify(name, progress, work);
    tries.push(tried);
    progress = tried.progress;
    // Later calls would hide whether this one was carried out.
    if (tried.ends) break;
  }
  await saveFields(action, Object.assign({}, ...tries.map(({ fields }) => fields)), dependencies);
  const worst = (kind: Attempt['kind']) =>
    tries.find(({ outcome }) => outcome.kind === kind)?.outcome;
  const outcome = worst('retry') ?? worst('failed') ?? DONE;
  if (outcome.kind === 'retry') await dependencies.saveProgress?.({ ...progress });
  return outcome;
}

function listSettings({ parameters, coverUrl }: ModifyDetail): readonly SettingName[] {
  return SETTING_NAMES.filter((name) =>
    name === 'CoverData' ? coverUrl !== undefined : parameters[name] !== undefined,
  );
}

/** A modification in progress. */
interface Work {
  readonly action: DueAction;
  readonly dependencies: ActionDependencies;
  readonly detail: ModifyDetail;
}

/** Result of an attempt to set one setting. */
interface Tried {
  readonly outcome: Attempt;
  readonly progress: ModifyProgress;
  /** Fields of the upload that change. */
  readonly fields?: MediaFields;
  /** Set if no other setting is to be set now. */
  readonly ends?: true;
}

async function modify(name: SettingName, progress: ModifyProgress, work: Work): Promise<Tried> {
  const { action, dependencies } = work;
  try {
    const now = await describeState(action, dependencies);
    if (now === undefined) return { outcome: DONE, progress, ends: true };
    if (!(await isToBeSet(name, progress, now, work))) {
      return {
        outcome: DONE,
        progress: finish(progress, name),
        fields: describeSetting(name, now),
      };
    }
    const setting = await prepare(name, work);
    if ('kind' in setting) return { outcome: setting, progress };
    const begun = begin(progress, name, now);
    if ((await dependencies.saveProgress?.({ ...begun })) === false) {
      return { outcome: TAKEN_OVER, progress, ends: true };
    }
    return await send(name, begun, { setting, now }, work);
  } catch (error) {
    if (isGone(error)) return { outcome: DONE, progress, ends: true };
    return { outcome: explainFailure(error), progress };
  }
}

const TAKEN_OVER: Retry = {
  kind: 'retry',
  error: 'taken_over',
  cause: Object.assign(new Error('The lease of the action has run out.'), { code: 'taken_over' }),
};

/** Returns whether VOD is to be called: not if the setting is already there, or a person may have changed it since. */
async function isToBeSet(
  name: SettingName,
  { done, begun }: ModifyProgress,
  now: MediaState,
  { action, dependencies, detail: { parameters } }: Work,
): Promise<boolean> {
  if (done.includes(name) || isAsWanted(name, parameters, now)) return false;
  // Class and expiry are set only for media that have none. If earlier attempts are not recorded, this may be a repeat,
  // so the same holds for all settings.
  const isForFree = name === 'ClassId' || name === 'ExpireTime' || !dependencies.saveProgress;
  if (isForFree && !isFree(name, parameters, now)) return false;
  const before = begun[name];
  if (before === undefined) return true;
  if (!isUnchanged(name, before, now)) return false;
  if (before.updateTime === now.updateTime) return true;
  // It may have been set and then reverted, unless VOD itself made the update.
  return isUpdatedByTask(now.updateTime, action, dependencies);
}

/** Returns the parameters of the call to VOD, or the outcome if there is no call now. */
async function prepare(
  name: SettingName,
  { detail: { parameters, coverUrl }, dependencies }: Work,
): Promise<Settings | Attempt> {
  if (name !== 'CoverData') return { [name]: parameters[name] };
  const { fetchCover, deadline } = dependencies;
  const cover = await fetchCover(coverUrl ?? '', deadline.left());
  if (cover.kind === 'fetched') return { CoverData: cover.bytes.toString('base64') };
  const { kind, error } = cover;
  const cause = Object.assign(new Error('The cover could not be fetched.'), { code: error });
  return { kind: kind === 'refused' ? 'failed' : 'retry', error, cause };
}

async function send(
  name: SettingName,
  begun: ModifyProgress,
  { setting, now }: { readonly setting: Settings; readonly now: MediaState },
  { action, dependencies, detail: { parameters } }: Work,
): Promise<Tried> {
  const { api, deadline } = dependencies;
  const { fileId, subAppId } = action;
  const done = (state: Partial<MediaState>): Tried => ({
    ...{ outcome: DONE, progress: finish(begun, name), fields: describeSetting(name, state) },
  });
  try {
    const request = { FileId: fileId, ...setting };
    const { CoverUrl } = await api.modifyMediaInfo(request, { deadline, subAppId });
    const { ClassId: classId, ExpireTime } = setting;
    const mediaExpireTime = parseIsoMilliseconds(ExpireTime);
    return done(defined({ classId, mediaExpireTime, coverUrl: CoverUrl || undefined }));
  } catch (error) {
    if (isGone(error)) throw error;
    const outcome = explainFailure(error);
    if (isRefusal(error)) return { outcome, progress: drop(begun, name) };
    // Too little time has passed for someone to revert it.
    const after = await describeState(action, dependencies).catch(() => now);
    if (after === undefined) return { outcome: DONE, progress: begun, ends: true };
    const isSet = isAsWanted(name, parameters, after) || !isUnchanged(name, now, after);
    return isSet ? done(after) : { outcome, progress: begun, ends: true };
  }
}

/** Returns whether VOD, or its client, reports that the call was not carried out. */
function isRefusal(error: unknown): boolean {
  const codes: readonly string[] = ['upstream_rejected', 'upstream_denied', 'upstream_busy'];
  return error instanceof Problem && codes.includes(error.code);
}

/** Returns the settings of the media file, or undefined if there is none. */
async function describeState(
  { fileId, subAppId }: DueAction,
  { api, deadline }: ActionDependencies,
): Promise<MediaState | undefined> {
  const request = { FileIds: [fileId], Filters: [...MEDIA_FILTERS] };
  const { MediaInfoSet } = await api.describeMediaInfos(request, {
    deadline,
    subAppId,
  });
  const media = MediaInfoSet?.find((found) => found.FileId === fileId);
  return media && readMediaState(media.BasicInfo);
}

async function saveFields(
  { uploadId }: DueAction,
  fields: MediaFields,
  { ledger }: ActionDependencies,
): Promise<void> {
  if (ledger === undefined || uploadId === undefined || Object.keys(fields).length === 0) return;
  await ledger.updateFields(uploadId, fields);
}
