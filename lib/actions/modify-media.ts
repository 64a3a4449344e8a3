import { type Attempt, DONE, type Retry } from '../model/attempt.ts';
import type { MediaFields } from '../model/upload.ts';
import { Problem } from '../problem.ts';
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
  readMilliseconds,
  SETTING_NAMES,
  type SettingName,
  type Settings,
} from './media-settings.ts';
import { begin, drop, finish, type ModifyProgress, readProgress } from './modify-progress.ts';

/**
 * Sets each thing by a call of its own, so that one that VOD refuses keeps no other from being set: when a media is to
 * be deleted matters more than its class. The one that went worst is the outcome.
 *
 * Each is set once. VOD knows no repeat of such a call, so what is done and what is under way is kept, and where an
 * answer was lost, the media itself is looked at: what is no longer as it was before that call, was set, or is what a
 * person has made of it since.
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
    // What comes after it would hide whether it was done.
    if (tried.ends) break;
  }
  await keepFields(action, Object.assign({}, ...tries.map(({ fields }) => fields)), dependencies);
  const worst = (kind: Attempt['kind']) =>
    tries.find(({ outcome }) => outcome.kind === kind)?.outcome;
  const outcome = worst('retry') ?? worst('failed') ?? DONE;
  if (outcome.kind === 'retry') await dependencies.keepProgress?.({ ...progress });
  return outcome;
}

function listSettings({ parameters, coverUrl }: ModifyDetail): readonly SettingName[] {
  return SETTING_NAMES.filter((name) =>
    name === 'CoverData' ? coverUrl !== undefined : parameters[name] !== undefined,
  );
}

/** A modification that is being made. */
interface Work {
  readonly action: DueAction;
  readonly dependencies: ActionDependencies;
  readonly detail: ModifyDetail;
}

/** What a try to set one thing came to. */
interface Tried {
  readonly outcome: Attempt;
  readonly progress: ModifyProgress;
  /** What changes of the upload. */
  readonly fields?: MediaFields;
  /** Set where nothing else is to be set now. */
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
    if ((await dependencies.keepProgress?.({ ...begun })) === false) {
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

/** Returns whether VOD is to be called: not where the media is as wanted, or where a person may have changed it since. */
async function isToBeSet(
  name: SettingName,
  { done, begun }: ModifyProgress,
  now: MediaState,
  { action, dependencies, detail: { parameters } }: Work,
): Promise<boolean> {
  if (done.includes(name) || isAsWanted(name, parameters, now)) return false;
  // Class and expiry are set only of media that have none. Where nobody knows of earlier tries, this may be another one.
  const isForFree = name === 'ClassId' || name === 'ExpireTime' || !dependencies.keepProgress;
  if (isForFree && !isFree(name, parameters, now)) return false;
  const before = begun[name];
  if (before === undefined) return true;
  if (!isUnchanged(name, before, now)) return false;
  if (before.updateTime === now.updateTime) return true;
  // It may have been set and taken back, unless the update is VOD's own.
  return isUpdatedByTask(now.updateTime, action, dependencies);
}

/** Returns what the call to VOD is to say, or why there is none now. */
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
    const mediaExpireTime = readMilliseconds(ExpireTime);
    return done(defined({ classId, mediaExpireTime, coverUrl: CoverUrl || undefined }));
  } catch (error) {
    if (isGone(error)) throw error;
    const outcome = explainFailure(error);
    if (isRefusal(error)) return { outcome, progress: drop(begun, name) };
    // Nobody has had time to change it back.
    const after = await describeState(action, dependencies).catch(() => now);
    if (after === undefined) return { outcome: DONE, progress: begun, ends: true };
    const isSet = isAsWanted(name, parameters, after) || !isUnchanged(name, now, after);
    return isSet ? done(after) : { outcome, progress: begun, ends: true };
  }
}

/** Whether VOD, or its client, says that the call was not carried out. */
function isRefusal(error: unknown): boolean {
  const codes: readonly string[] = ['upstream_rejected', 'upstream_denied', 'upstream_busy'];
  return error instanceof Problem && codes.includes(error.code);
}

/** Returns what the media is like, or undefined where there is none. */
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

async function keepFields(
  { uploadId }: DueAction,
  fields: MediaFields,
  { ledger }: ActionDependencies,
): Promise<void> {
  if (ledger === undefined || uploadId === undefined || Object.keys(fields).length === 0) return;
  // Its state is no news: of all facts this one changes none.
  await ledger.transition(uploadId, 'issued', fields);
}
