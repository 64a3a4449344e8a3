/**
 * File name extensions that VOD takes as video.
 *
 * @see https://cloud.tencent.com/document/product/266/9760
 */
const VIDEO_TYPES = [
  ...['wmv', 'rm', 'mov', 'mpeg', 'mp4', '3gp', 'flv', 'avi', 'rmvb', 'ts', 'asf', 'mpg', 'webm'],
  ...['mkv', 'm3u8', 'wm', 'asx', 'ram', 'mpe', 'vob', 'dat', 'mp4v', 'm4v', 'f4v', 'mxf', 'qt'],
  'ogg',
] as const;

/**
 * File name extensions that VOD takes as audio; `ogg` is in both lists.
 *
 * @see https://cloud.tencent.com/document/product/266/9760
 */
const AUDIO_TYPES = ['mp3', 'm4a', 'flac', 'ogg', 'wav', 'ra', 'aac', 'amr'] as const;

const MEDIA_TYPES: ReadonlySet<string> = new Set([...VIDEO_TYPES, ...AUDIO_TYPES]);

/** Answers whether VOD takes media with this extension, which is given in lower case and without a dot. */
export function isMediaType(extension: string): boolean {
  return MEDIA_TYPES.has(extension);
}

/** Every extension that VOD takes for media, for messages. */
export const MEDIA_TYPE_LIST: string = [...MEDIA_TYPES].join(', ');

/**
 * File name extensions of covers that a pull takes; covers of other uploads may be more.
 *
 * @see https://cloud.tencent.com/document/product/266/35575
 */
const COVER_TYPES = ['gif', 'jpeg', 'jpg', 'png'];

/** Answers whether a pull takes a cover with this extension, which is given in lower case and without a dot. */
export function isCoverType(extension: string): boolean {
  return COVER_TYPES.includes(extension);
}

/** Every extension that a pull takes for covers, for messages. */
export const COVER_TYPE_LIST: string = COVER_TYPES.join(', ');

/**
 * Answers whether media with this extension are a DASH manifest, which VOD does not pull.
 *
 * @see https://cloud.tencent.com/document/product/266/35575
 */
export function isDashType(extension: string): boolean {
  return extension === 'mpd';
}
