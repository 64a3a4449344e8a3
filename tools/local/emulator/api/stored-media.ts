import type { Media } from '../state.ts';
import { type ApiErrorCode, apiError } from './api-error.ts';
import type { ApiServices } from './services.ts';

/** Returns the media with this id. @throws ApiError with `code` if there is none. */
export function demandMedia(api: ApiServices, fileId: string, code: ApiErrorCode): Media {
  const media = api.state.media.get(fileId);
  if (media !== undefined) return media;
  throw apiError(code, `There is no media ${fileId}`);
}

/** Returns the folder of a media's files, with its slashes at both ends. */
export function folderOf({ mediaPath }: Media): string {
  return mediaPath.slice(0, mediaPath.lastIndexOf('/') + 1);
}
