import { buildFrame, buildPictureParameters, buildSequenceParameters } from './sample-frames.ts';

const COLUMNS = 4;
const ROWS = 3;
const WIDTH = COLUMNS * 16;
const HEIGHT = ROWS * 16;
const FRAMES_A_SECOND = 5;
const DARK = 40;
const LIGHT = 220;
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([words(body.length + 8), Buffer.from(type), body]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

function halves(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

/** Returns frames in which a light square moves over a dark picture. */
function buildFrames(count: number): readonly Buffer[] {
  const squares = COLUMNS * ROWS;
  return Array.from({ length: count }, (_, number) => {
    const frame = buildFrame(
      Array.from({ length: squares }, (_square, index) =>
        index === number % squares ? LIGHT : DARK,
      ),
      number,
    );
    return Buffer.concat([words(frame.length), frame]);
  });
}

function buildSampleEntry(): Buffer {
  const [sequence, picture] = [buildSequenceParameters(COLUMNS, ROWS), buildPictureParameters()];
  const configuration = Buffer.concat([
    Buffer.from([1, ...sequence.subarray(1, 4), 0xff, 0xe1]),
    ...[halves(sequence.length), sequence, Buffer.from([1]), halves(picture.length), picture],
  ]);
  return box(
    'avc1',
    ...[words(0), halves(0, 1), words(0, 0, 0, 0), halves(WIDTH, HEIGHT)],
    ...[words(0x480000, 0x480000, 0), halves(1), Buffer.alloc(32), halves(24, 0xffff)],
    box('avcC', configuration),
  );
}

function buildTables(frames: readonly Buffer[], offset: number): Buffer {
  return box(
    'stbl',
    box('stsd', words(0, 1), buildSampleEntry()),
    box('stts', words(0, 1, frames.length, 1_000 / FRAMES_A_SECOND)),
    box('stsc', words(0, 1, 1, frames.length, 1)),
    box('stsz', words(0, 0, frames.length, ...frames.map(({ length }) => length))),
    box('stco', words(0, 1, offset)),
  );
}

function buildMovie(frames: readonly Buffer[], milliseconds: number, offset: number): Buffer {
  const handler = Buffer.concat([
    words(0, 0),
    Buffer.from('vide'),
    words(0, 0, 0),
    Buffer.alloc(1),
  ]);
  const information = box(
    'minf',
    box('vmhd', words(1, 0, 0)),
    box('dinf', box('dref', words(0, 1), box('url ', words(1)))),
    buildTables(frames, offset),
  );
  const size = [WIDTH << 16, HEIGHT << 16];
  return box(
    'moov',
    box(
      'mvhd',
      words(0, 0, 0, 1_000, milliseconds, 0x10000, 0x1000000, 0, 0, ...MATRIX),
      words(0, 0, 0, 0, 0, 0, 2),
    ),
    box(
      'trak',
      box('tkhd', words(3, 0, 0, 1, 0, milliseconds, 0, 0, 0, 0, ...MATRIX, ...size)),
      box(
        'mdia',
        box('mdhd', words(0, 0, 0, 1_000, milliseconds, 0x55c40000)),
        box('hdlr', handler),
        information,
      ),
    ),
  );
}

/** Returns an MP4 file of 64 × 48 pixels and whole seconds that browsers can play. */
export function buildVideo(seconds: number): Buffer {
  const frames = buildFrames(seconds * FRAMES_A_SECOND);
  const type = box('ftyp', Buffer.from('isom'), words(512), Buffer.from('isomavc1mp41'));
  // The offset of the frames depends on the size of the movie box, which is the same for any offset.
  const { length } = buildMovie(frames, seconds * 1_000, 0);
  const movie = buildMovie(frames, seconds * 1_000, type.length + length + 8);
  return Buffer.concat([type, movie, box('mdat', ...frames)]);
}
