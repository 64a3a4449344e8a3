import { crc32, deflateSync } from 'node:zlib';

const SAMPLE_RATE = 8_000;
const TONE_HERTZ = 440;
const LOUDNESS = 8_000;

/** Returns a WAV file with a tone: mono, 16 bits, 8,000 samples a second. */
export function buildTone(seconds: number): Buffer {
  const samples = Buffer.alloc(SAMPLE_RATE * seconds * 2);
  for (let index = 0; index * 2 < samples.length; index += 1) {
    const angle = (2 * Math.PI * TONE_HERTZ * index) / SAMPLE_RATE;
    samples.writeInt16LE(Math.round(LOUDNESS * Math.sin(angle)), index * 2);
  }
  const format = Buffer.alloc(24);
  format.write('fmt ');
  format.writeUInt32LE(16, 4);
  format.writeUInt16LE(1, 8);
  format.writeUInt16LE(1, 10);
  format.writeUInt32LE(SAMPLE_RATE, 12);
  format.writeUInt32LE(SAMPLE_RATE * 2, 16);
  format.writeUInt16LE(2, 20);
  format.writeUInt16LE(16, 22);
  const data = Buffer.concat([Buffer.from('data'), uint32(samples.length, 'LE'), samples]);
  const content = Buffer.concat([Buffer.from('WAVE'), format, data]);
  return Buffer.concat([Buffer.from('RIFF'), uint32(content.length, 'LE'), content]);
}

/** Returns a PNG file with a gradient from dark to light: grey scale, 8 bits. */
export function buildPicture(width: number, height: number): Buffer {
  const header = Buffer.concat([
    uint32(width, 'BE'),
    uint32(height, 'BE'),
    Buffer.from([8, 0, 0, 0, 0]),
  ]);
  const row = Buffer.from(
    Array.from({ length: width + 1 }, (_, x) => Math.floor((x * 255) / width)),
  );
  const rows = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    buildChunk('IHDR', header),
    buildChunk('IDAT', rows),
    buildChunk('IEND', Buffer.alloc(0)),
  ]);
}

function buildChunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([uint32(data.length, 'BE'), typed, uint32(crc32(typed), 'BE')]);
}

function uint32(value: number, order: 'LE' | 'BE'): Buffer {
  const bytes = Buffer.alloc(4);
  if (order === 'LE') bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
}
