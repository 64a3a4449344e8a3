/** The kind of a file, as in `MediaBasicInfo.Category`. */
export type MediaCategory = 'Video' | 'Audio' | 'Image';

// File types that can be uploaded: https://cloud.tencent.com/document/product/266/9760
const VIDEO_TYPES = new Set(
  (
    'wmv rm mov mpeg mp4 3gp flv avi rmvb ts asf mpg webm mkv m3u8 wm asx ram mpe vob dat mp4v m4v f4v ' +
    'mxf qt ogg'
  ).split(' '),
);
const AUDIO_TYPES = new Set('mp3 m4a flac ogg wav ra aac amr'.split(' '));
const IMAGE_TYPES = new Set('jpg jpeg png gif bmp tiff ai cdr eps tif'.split(' '));

/** All accepted types of images, also for covers; for messages. */
export const IMAGE_TYPE_LIST: string = [...IMAGE_TYPES].join(', ');

/**
 * Returns the category of a media file's type (its extension, in lower case), undefined if VOD does not accept it.
 * `ogg` is on both lists and counts as audio, and an image may be uploaded as media too (both are our choice).
 */
export function categoryOf(type: string): MediaCategory | undefined {
  if (AUDIO_TYPES.has(type)) return 'Audio';
  if (VIDEO_TYPES.has(type)) return 'Video';
  return IMAGE_TYPES.has(type) ? 'Image' : undefined;
}

/** Returns whether a file of this type (its extension, in lower case) is an image, and so can be a cover. */
export function isImageType(type: string): boolean {
  return IMAGE_TYPES.has(type);
}
