import * as v from 'valibot';
import { type MediaState, mediaState, SETTING_NAMES, type SettingName } from './media-settings.ts';

const modifyProgress = v.object({
  /** Settings that need no other attempt. */
  done: v.array(v.picklist(SETTING_NAMES)),
  /** Settings that were sent to VOD without a conclusive answer, each with the state of the media before it. */
  begun: v.partial(
    v.object({
      ExpireTime: mediaState,
      ClassId: mediaState,
      AddTags: mediaState,
      CoverData: mediaState,
    } satisfies Record<SettingName, typeof mediaState>),
  ),
});

/** Progress of the modification of a media file, which is stored between attempts. */
export type ModifyProgress = v.InferOutput<typeof modifyProgress>;

/** Returns the progress that earlier attempts have stored, or an empty one. */
export function readProgress(kept: unknown): ModifyProgress {
  return v.is(modifyProgress, kept) ? kept : { done: [], begun: {} };
}

/** Returns `progress` after `name` was sent to VOD, when the media file had `state`. */
export function begin(
  progress: ModifyProgress,
  name: SettingName,
  state: MediaState,
): ModifyProgress {
  return { ...progress, begun: { ...progress.begun, [name]: state } };
}

/** Returns `progress` after `name` is done, or is left to someone else's decision. */
export function finish(progress: ModifyProgress, name: SettingName): ModifyProgress {
  return { ...drop(progress, name), done: [...progress.done, name] };
}

/** Returns `progress` after VOD has answered that it has not done `name`. */
export function drop({ done, begun }: ModifyProgress, name: SettingName): ModifyProgress {
  const { [name]: _dropped, ...others } = begun;
  return { done, begun: others };
}
