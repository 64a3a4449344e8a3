/**
 * File name extensions of media in a container, in addition to the container's own name, that VOD accepts. VOD names
 * containers like FFmpeg's demuxers, with several names if one demuxer reads them all:
 * https://ffmpeg.org/ffmpeg-formats.html#Demuxers.
 */
const CONTAINER_TYPES: Readonly<Record<string, readonly string[]>> = {
  mov: ['mp4', 'm4a', '3gp', 'qt', 'mp4v', 'm4v', 'f4v'],
  matroska: ['mkv', 'webm'],
  flv: ['f4v'],
  live_flv: ['flv'],
  asf: ['wmv', 'wm', 'asx'],
  asf_o: ['asf', 'wmv', 'wm', 'asx'],
  rm: ['rmvb', 'ra', 'ram'],
  mpegts: ['ts', 'm3u8'],
  hls: ['m3u8'],
  applehttp: ['m3u8'],
  mpeg: ['mpg', 'mpe', 'vob', 'dat'],
  mpegvideo: ['mpeg', 'mpg', 'mpe'],
  m4v: ['mp4v'],
  w64: ['wav'],
  amrnb: ['amr'],
  amrwb: ['amr'],
};

/**
 * Returns the file name extensions that media in a container may have; for an unknown container, only the container's
 * own names.
 *
 * @param container as VOD names it, for example `mov,mp4,m4a,3gp,3g2,mj2`.
 */
export function listContainerTypes(container: string): ReadonlySet<string> {
  const names = container.toLowerCase().split(',');
  const types = names.flatMap((name) => {
    const own = Object.hasOwn(CONTAINER_TYPES, name) ? CONTAINER_TYPES[name] : undefined;
    // Names of demuxers are extensions too.
    return [name, ...(own ?? [])];
  });
  return new Set(types);
}
