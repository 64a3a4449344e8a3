import type { InspectFile } from './check-file.ts';

interface Track {
  readonly '@type': string;
  readonly Format?: string;
  /** In seconds. */
  readonly Duration?: number;
}

/** The part of mediainfo.js that is used: https://mediainfo.js.org */
interface MediaInfo {
  analyzeData(
    size: number,
    read: (size: number, offset: number) => Promise<Uint8Array>,
  ): Promise<{ readonly media?: { readonly track: readonly Track[] } }>;
}

/** File name extensions of media by the name that MediaInfo has for their format. */
const TYPES: Readonly<Record<string, string>> = {
  'MPEG-4': 'mp4 mov m4a 3gp qt mp4v m4v f4v',
  QuickTime: 'mov mp4 m4a 3gp qt mp4v m4v f4v',
  Matroska: 'mkv webm',
  WebM: 'webm mkv',
  'Flash Video': 'flv f4v',
  AVI: 'avi',
  'MPEG-TS': 'ts m3u8',
  'MPEG-PS': 'mpg mpeg mpe vob dat',
  'Windows Media': 'wmv asf wm asx',
  RealMedia: 'rm rmvb ra ram',
  Ogg: 'ogg',
  Wave: 'wav',
  FLAC: 'flac',
  'MPEG Audio': 'mp3',
  ADTS: 'aac',
  AMR: 'amr',
};

/**
 * Returns an inspection that reads a file with mediainfo.js: the duration of formats that the browser cannot play, and
 * the type of the content.
 *
 * @param open returns `mediaInfoFactory({ format: 'object', … })`; called with the first file that is limited.
 */
export function createInspector(open: () => Promise<MediaInfo>): InspectFile {
  let queue: Promise<unknown> = Promise.resolve();
  let opened: Promise<MediaInfo> | undefined;
  return (file) => {
    const inspect = async () => {
      opened ??= open();
      const info = await opened;
      const read = async (size: number, offset: number) =>
        new Uint8Array(await file.slice(offset, offset + size).arrayBuffer());
      const { media } = await info.analyzeData(file.size, read);
      const general = media?.track.find((track) => track['@type'] === 'General');
      const types = TYPES[general?.Format ?? '']?.split(' ');
      return {
        ...(general?.Duration && { duration: general.Duration }),
        ...(types && { types }),
      };
    };
    // It reads one file at a time.
    const inspected = queue.then(inspect, inspect);
    queue = inspected;
    return inspected;
  };
}
