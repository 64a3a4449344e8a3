import * as v from 'valibot';
import { type MediaState, mediaState, SETTING_NAMES, type SettingName } from './media-settings.ts';

const modifyProgress = v.object({
  /** What needs no other try. */
  done: v.array(v.picklist(SETTING_NAMES)),
  /** What was sent to VOD without an answer that tells whether it was done, with what the media was like before. */
  begun: v.partial(
    v.object({
      ExpireTime: mediaState,
      ClassId: mediaState,
      AddTags: mediaState,
      CoverData: mediaState,
    } satisfies Record<SettingName, typeof mediaState>),
  ),
});

/** How far the modification of a media has come, as it is kept from one try to the next. */
export type ModifyProgress = v.InferOutput<typeof modifyProgress>;

/** Returns what earlier tries have kept, or the progress of the first one. */
export function readProgress(kept: unknown): ModifyProgress {
  return v.is(modifyProgress, kept) ? kept : { done: [], begun: {} };
}

/** Returns `progress` once `name` is sent to VOD, while the media is as `state` says. */
export function begin(
  progress: ModifyProgress,
  name: SettingName,
  state: MediaState,
): ModifyProgress {
  return { ...progress, begun: { ...progress.begun, [name]: state } };
}

/** Returns `progress` once `name` is done, or is somebody else's decision. */
export function finish(progress: ModifyProgress, name: SettingName): ModifyProgress {
  return { ...drop(progress, name), done: [...progress.done, name] };
}

/** Returns `progress` once VOD has answered that it has not done `name`. */
export function drop({ done, begun }: ModifyProgress, name: SettingName): ModifyProgress {
  const { [name]: _dropped, ...others } = begun;
  return { done, begun: others };
}
