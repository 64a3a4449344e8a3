/**
 * File name extensions that VOD accepts as video, as audio, and as image, in this order.
 *
 * @see https://cloud.tencent.com/document/product/266/9760
 */
const VIDEO =
  'wmv rm mov mpeg mp4 3gp flv avi rmvb ts asf mpg webm mkv m3u8 wm asx ram mpe vob dat mp4v m4v f4v mxf qt ogg';
const AUDIO = 'mp3 m4a flac ogg wav ra aac amr';
const IMAGE = 'jpg jpeg png gif bmp tiff ai cdr eps tif';

const MEDIA_TYPES: ReadonlySet<string> = new Set(`${VIDEO} ${AUDIO}`.split(' '));
const IMAGE_TYPES: ReadonlySet<string> = new Set(IMAGE.split(' '));

/** Returns whether VOD accepts this type as video or audio: an extension in lower case, without a dot. */
export function isMediaType(type: string): boolean {
  return MEDIA_TYPES.has(type);
}

/** Returns whether VOD accepts this type in an upload, also as an image. */
export function isUploadType(type: string): boolean {
  return MEDIA_TYPES.has(type) || IMAGE_TYPES.has(type);
}
