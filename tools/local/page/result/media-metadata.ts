import { formatBytes, formatSpan } from '../components/format.ts';
import { isRecord } from '../stack/problem.ts';

type Metadata = Readonly<Record<string, unknown>>;

/** Returns the metadata of a file as rows of text, without unknown values. */
export function describeMetadata(
  metadata: Metadata | null,
): readonly { readonly name: string; readonly value: string }[] {
  if (metadata === null) return [];
  const rows = [
    { name: 'Container', value: readText(metadata, 'Container') },
    { name: 'Size', value: describeNumber(metadata, 'Size', formatBytes) },
    { name: 'Duration', value: describeNumber(metadata, 'Duration', formatDuration) },
    { name: 'Picture', value: describePicture(metadata) },
    { name: 'Bitrate', value: describeNumber(metadata, 'Bitrate', formatBitrate) },
    { name: 'Video', value: describeStreams(metadata['VideoStreamSet']) },
    { name: 'Audio', value: describeStreams(metadata['AudioStreamSet']) },
  ];
  return rows.filter(({ value }) => value !== '');
}

function readNumber(metadata: Metadata, name: string): number {
  const value = metadata[name];
  return typeof value === 'number' ? value : 0;
}

function readText(metadata: Metadata, name: string): string {
  const value = metadata[name];
  return typeof value === 'string' ? value : '';
}

function describeNumber(
  metadata: Metadata,
  name: string,
  format: (value: number) => string,
): string {
  const value = readNumber(metadata, name);
  return value === 0 ? '' : format(value);
}

function formatDuration(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(2)} s` : formatSpan(seconds);
}

function formatBitrate(bitsPerSecond: number): string {
  return bitsPerSecond < 1_000_000
    ? `${Math.round(bitsPerSecond / 1_000)} kbit/s`
    : `${(bitsPerSecond / 1_000_000).toFixed(2)} Mbit/s`;
}

function describePicture(metadata: Metadata): string {
  const width = readNumber(metadata, 'Width');
  const height = readNumber(metadata, 'Height');
  if (width === 0 || height === 0) return '';
  const rotation = readNumber(metadata, 'Rotate');
  return `${width} × ${height}${rotation === 0 ? '' : `, rotated ${rotation}°`}`;
}

function describeStreams(streams: unknown): string {
  if (!Array.isArray(streams)) return '';
  return streams.filter(isRecord).map(describeStream).filter(Boolean).join('; ');
}

function describeStream(stream: Metadata): string {
  const frames = readNumber(stream, 'Fps');
  const sampling = readNumber(stream, 'SamplingRate');
  return [
    readText(stream, 'Codec'),
    frames === 0 ? '' : `${frames} frames/s`,
    sampling === 0 ? '' : `${(sampling / 1_000).toLocaleString('en')} kHz`,
    describeNumber(stream, 'Bitrate', formatBitrate),
  ]
    .filter(Boolean)
    .join(', ');
}
