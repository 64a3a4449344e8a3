import type { AudioTrack, MediaInfo, Track, VideoTrack } from 'mediainfo.js';
import type { ObjectStore, StoredObject } from './storage/objects.ts';

/** Technical metadata in VOD's own spelling; bit rates are bits, durations seconds, sizes bytes and pixels. */
export interface MediaMetaData {
  readonly Size: number;
  readonly Container: string;
  readonly Bitrate: number;
  readonly Height: number;
  readonly Width: number;
  readonly Duration: number;
  /** Degrees. */
  readonly Rotate: number;
  readonly VideoStreamSet: readonly {
    readonly Bitrate: number;
    readonly Height: number;
    readonly Width: number;
    readonly Codec: string;
    readonly Fps: number;
  }[];
  readonly AudioStreamSet: readonly {
    readonly Bitrate: number;
    readonly SamplingRate: number;
    readonly Codec: string;
  }[];
  readonly VideoDuration: number;
  readonly AudioDuration: number;
  /** Always empty: the service fills it only on demand. */
  readonly Md5: string;
}

/** Longest time for probing a file: SDKs wait five seconds for a Commit. */
const PROBE_MILLISECONDS = 3_000;

/** The prober's names of formats and codecs, and those of the examples in the service's documentation. */
const NAMES: Readonly<Record<string, string>> = {
  'MPEG-4': 'mov,mp4,m4a,3gp,3g2,mj2',
  QuickTime: 'mov,mp4,m4a,3gp,3g2,mj2',
  Matroska: 'matroska,webm',
  WebM: 'matroska,webm',
  'Flash Video': 'flv',
  'MPEG-TS': 'mpegts',
  'MPEG-PS': 'mpeg',
  'Windows Media': 'asf',
  Wave: 'wav',
  'MPEG Audio': 'mp3',
  ADTS: 'aac',
  RealMedia: 'rm',
  AVC: 'h264',
  'MPEG-4 Visual': 'mpeg4',
};

function nameOf(format: string | undefined): string {
  return (format && NAMES[format]) ?? format?.toLowerCase() ?? '';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function describeVideo(track: VideoTrack): MediaMetaData['VideoStreamSet'][number] {
  return {
    Bitrate: Math.round(track.BitRate ?? 0),
    Height: track.Height ?? 0,
    Width: track.Width ?? 0,
    Codec: nameOf(track.Format),
    Fps: Math.round(track.FrameRate ?? 0),
  };
}

function describeAudio(track: AudioTrack): MediaMetaData['AudioStreamSet'][number] {
  return {
    Bitrate: Math.round(track.BitRate ?? 0),
    SamplingRate: track.SamplingRate ?? 0,
    Codec: nameOf(track.Format),
  };
}

function describe(size: number, tracks: readonly Track[]): MediaMetaData | null {
  const general = tracks.find((track) => track['@type'] === 'General');
  const videos = tracks.filter((track) => track['@type'] === 'Video');
  const audios = tracks.filter((track) => track['@type'] === 'Audio');
  const images = tracks.filter((track) => track['@type'] === 'Image');
  const pictures = [...videos, ...images];
  if (pictures.length + audios.length === 0) return null;
  const videoStreams = videos.map(describeVideo);
  const audioStreams = audios.map(describeAudio);
  const bitrate = sum([...videoStreams, ...audioStreams].map((stream) => stream.Bitrate));
  return {
    Size: size,
    Container: nameOf(general?.Format),
    Bitrate: bitrate || Math.round(general?.OverallBitRate ?? 0),
    Height: Math.max(0, ...pictures.map((track) => track.Height ?? 0)),
    Width: Math.max(0, ...pictures.map((track) => track.Width ?? 0)),
    Duration: general?.Duration ?? 0,
    Rotate: Math.round(Number(videos[0]?.Rotation ?? 0)) || 0,
    VideoStreamSet: videoStreams,
    AudioStreamSet: audioStreams,
    VideoDuration: Math.max(0, ...videos.map((track) => track.Duration ?? 0)),
    AudioDuration: Math.max(0, ...audios.map((track) => track.Duration ?? 0)),
    Md5: '',
  };
}

async function readBytes(
  object: StoredObject,
  read: ObjectStore['read'],
  offset: number,
  size: number,
): Promise<Uint8Array> {
  if (size <= 0) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  for await (const chunk of read(object, offset, offset + size - 1)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function analyse(
  prober: MediaInfo<'object'>,
  object: StoredObject,
  read: ObjectStore['read'],
): Promise<MediaMetaData | null> {
  const deadline = performance.now() + PROBE_MILLISECONDS;
  const result = await prober.analyzeData(object.size, (size, offset) => {
    if (performance.now() > deadline) throw new Error('probing takes too long');
    return readBytes(object, read, offset, size);
  });
  return describe(object.size, result.media?.track ?? []);
}

// Loading the prober takes far longer than using it, and it can probe one file at a time, so all files share one in
// turn.
let proberLoading: Promise<MediaInfo<'object'>> | undefined;
let lastProbe: Promise<unknown> = Promise.resolve();

async function loadProber(): Promise<MediaInfo<'object'>> {
  const { default: mediaInfoFactory } = await import('mediainfo.js');
  return mediaInfoFactory({ format: 'object' });
}

async function probeInTurn(
  object: StoredObject,
  read: ObjectStore['read'],
): Promise<MediaMetaData | null> {
  try {
    proberLoading ??= loadProber();
    return await analyse(await proberLoading, object, read);
  } catch {
    // A prober that failed during a file is not used for the next one.
    proberLoading = undefined;
    return null;
  }
}

/** The newest results by the content of the file: tests often upload the same file again and again. */
const probed = new Map<string, MediaMetaData>();
const MAX_PROBED = 1_000;

const contentOf = ({ size, etag }: StoredObject) => `${size} ${etag}`;

async function probeOnce(
  object: StoredObject,
  read: ObjectStore['read'],
): Promise<MediaMetaData | null> {
  const known = probed.get(contentOf(object));
  if (known !== undefined) return known;
  const found = await probeInTurn(object, read);
  if (found === null) return null;
  probed.set(contentOf(object), found);
  const [oldest] = probed.keys();
  if (probed.size > MAX_PROBED && oldest !== undefined) probed.delete(oldest);
  return found;
}

/**
 * Returns the metadata of an object, and reads only the parts that it needs; null if they cannot be read for any
 * reason, since an upload must not fail because of it.
 */
export async function probeMetaData(
  object: StoredObject,
  read: ObjectStore['read'],
): Promise<MediaMetaData | null> {
  // What is known need not wait behind a file that takes seconds.
  const known = probed.get(contentOf(object));
  if (known !== undefined) return known;
  const probe = lastProbe.then(() => probeOnce(object, read));
  lastProbe = probe;
  return probe;
}
