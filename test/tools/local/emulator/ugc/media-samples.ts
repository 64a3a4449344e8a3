import { crc32, deflateSync } from 'node:zlib';

/** The header of a WAV file, mono, 8 bits, 8,000 samples a second: http://soundfile.sapp.org/doc/WaveFormat/ */
export function wavHeader(bytes: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + bytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(8_000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes, 40);
  return header;
}

/** A WAV file of silence. */
export function silentWav(seconds: number): Buffer {
  const samples = Buffer.alloc(8_000 * seconds, 128);
  return Buffer.concat([wavHeader(samples.length), samples]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), data]);
  const chunk = Buffer.alloc(typed.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  typed.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(typed), typed.length + 4);
  return chunk;
}

/** A black greyscale PNG. */
export function blackPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(8, 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.alloc((width + 1) * height))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.write(type, 4);
  return Buffer.concat([head, body]);
}

function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeInt32BE(value, index * 4);
  return buffer;
}

const UPRIGHT = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
const QUARTER_TURN = [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000];

function sampleEntry(width: number, height: number): Buffer {
  const entry = Buffer.alloc(78);
  entry.writeUInt16BE(1, 6);
  entry.writeUInt16BE(width, 24);
  entry.writeUInt16BE(height, 26);
  entry.writeUInt32BE(0x480000, 28);
  entry.writeUInt32BE(0x480000, 32);
  entry.writeUInt16BE(1, 40);
  entry.writeUInt16BE(24, 74);
  entry.writeInt16BE(-1, 76);
  return box('mp4v', entry);
}

/**
 * An MP4 with one video track of one-second samples, one for each second, recorded with the camera turned by 90
 * degrees.
 */
export function turnedMp4(width: number, height: number, seconds: number, sampleBytes: number) {
  const milliseconds = seconds * 1_000;
  const fileType = box('ftyp', Buffer.from('isom'), words(512), Buffer.from('isommp41'));
  const data = box('mdat', Buffer.alloc(sampleBytes * seconds, 1));
  const table = box(
    'stbl',
    box('stsd', words(0, 1), sampleEntry(width, height)),
    box('stts', words(0, 1, seconds, 1_000)),
    box('stsc', words(0, 1, 1, seconds, 1)),
    box('stsz', words(0, sampleBytes, seconds)),
    box('stco', words(0, 1, fileType.length + 8)),
  );
  const handler = box('hdlr', words(0, 0), Buffer.from('vide'), words(0, 0, 0), Buffer.alloc(1));
  const media = box(
    'mdia',
    box('mdhd', words(0, 0, 0, 1_000, milliseconds, 0)),
    handler,
    box(
      'minf',
      box('vmhd', words(1, 0, 0)),
      box('dinf', box('dref', words(0, 1), box('url ', words(1)))),
      table,
    ),
  );
  const size = [width << 16, height << 16];
  const track = box(
    'trak',
    box('tkhd', words(3, 0, 0, 1, 0, milliseconds, 0, 0, 0, 0, ...QUARTER_TURN, ...size)),
    media,
  );
  const movie = box(
    'mvhd',
    words(0, 0, 0, 1_000, milliseconds, 0x10000, 0x1000000, 0, 0, ...UPRIGHT),
    words(0, 0, 0, 0, 0, 0, 2),
  );
  return Buffer.concat([fileType, data, box('moov', movie, track)]);
}
