/**
 * File name extensions that VOD accepts as video.
 *
 * @see https://cloud.tencent.com/document/product/266/9760
 */
const VIDEO_TYPES =
  'wmv rm mov mpeg mp4 3gp flv avi rmvb ts asf mpg webm mkv m3u8 wm asx ram mpe vob dat mp4v m4v f4v mxf qt ogg';

/**
 * File name extensions that VOD accepts as audio; `ogg` is in both lists.
 *
 * @see https://cloud.tencent.com/document/product/266/9760
 */
const AUDIO_TYPES = 'mp3 m4a flac ogg wav ra aac amr';

// Written as texts, since those are shortest and are in each function's bundle.
const MEDIA_TYPES: ReadonlySet<string> = new Set(`${VIDEO_TYPES} ${AUDIO_TYPES}`.split(' '));

/** Returns whether VOD accepts media with this extension, which is in lower case and without a dot. */
export function isMediaType(extension: string): boolean {
  return MEDIA_TYPES.has(extension);
}

/** Extension for each media type whose name, or its last part, is not an extension itself. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['audio/mpeg', 'mp3'],
  ['audio/mp4', 'm4a'],
  ['quicktime', 'mov'],
  ['matroska', 'mkv'],
  ['msvideo', 'avi'],
  ['3gpp', '3gp'],
  ['mp2t', 'ts'],
  ['mpegurl', 'm3u8'],
]);

/**
 * Returns what is wrong with `text` as an extension of media that VOD accepts, in upper or lower case, or undefined if
 * it is valid. A media type (https://www.iana.org/assignments/media-types) is not valid, but the message then suggests
 * the extension.
 */
export function explainMediaType(text: string): string | undefined {
  if (isMediaType(text.toLowerCase())) return undefined;
  const [type = ''] = text.toLowerCase().split(';');
  const name = type.trim();
  const last = name.replace(/^.*[/.]/, '').replace(/^x-(?:ms-)?/, '');
  const near = EXTENSIONS.get(name) ?? EXTENSIONS.get(last) ?? last;
  return isMediaType(near)
    ? `must be a file name extension without its dot; did you mean ${near}?`
    : `must be a type that VOD accepts: ${MEDIA_TYPE_LIST}`;
}

/** Every extension that VOD accepts for media, for messages. */
export const MEDIA_TYPE_LIST: string = [...MEDIA_TYPES].join(', ');

/**
 * File name extensions of covers that a pull accepts; other ways of uploading accept more.
 *
 * @see https://cloud.tencent.com/document/product/266/35575
 */
const COVER_TYPES = ['gif', 'jpeg', 'jpg', 'png'];

/** Returns whether a pull accepts a cover with this extension, which is in lower case and without a dot. */
export function isCoverType(extension: string): boolean {
  return COVER_TYPES.includes(extension);
}

/** Every extension that a pull accepts for covers, for messages. */
export const COVER_TYPE_LIST: string = COVER_TYPES.join(', ');

/**
 * Returns whether a file with this extension is a DASH manifest, which VOD does not pull.
 *
 * @see https://cloud.tencent.com/document/product/266/35575
 */
export function isDashType(extension: string): boolean {
  return extension === 'mpd';
}
