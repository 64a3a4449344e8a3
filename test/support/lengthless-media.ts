/**
 * Size of an EBML element whose end is not known when it is begun: https://www.rfc-editor.org/rfc/rfc8794#section-6.2.
 */
const UNKNOWN_SIZE = Buffer.from('01ffffffffffffff', 'hex');

/** https://www.rfc-editor.org/rfc/rfc8794#section-6 */
function element(id: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(0x10000000 + body.length);
  return Buffer.concat([Buffer.from(id, 'hex'), size, body]);
}

function uint(id: string, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return element(id, bytes);
}

function text(id: string, value: string): Buffer {
  return element(id, Buffer.from(value));
}

/**
 * A key frame of VP8 of 64 x 48 pixels, whose picture does not matter:
 * https://www.rfc-editor.org/rfc/rfc6386#section-9.1.
 */
const KEY_FRAME = Buffer.from('1002009d012a4000300000', 'hex');

/** Matroska with one frame each 100 ms, written in one go: without a length, an index and the size of its segment. */
function streamMatroska(docType: 'webm' | 'matroska', seconds: number): Buffer {
  const head = element('1a45dfa3', text('4282', docType), uint('4287', 4), uint('4285', 2));
  // TimestampScale and the names of the writers. A Duration would be here:
  // https://www.rfc-editor.org/rfc/rfc9559#section-5.1.2.
  const info = element('1549a966', uint('2ad7b1', 1_000_000), text('4d80', 'T'), text('5741', 'T'));
  const picture = element('e0', uint('b0', 64), uint('ba', 48));
  const track = [uint('d7', 1), uint('73c5', 1), uint('83', 1), text('86', 'V_VP8'), picture];
  const clusters = Array.from({ length: seconds }, (_, second) => {
    const blocks = Array.from({ length: 10 }, (_frame, tenth) => {
      const blockHead = Buffer.from([0x81, 0, 0, 0x80]);
      blockHead.writeInt16BE(tenth * 100, 1);
      return element('a3', blockHead, KEY_FRAME);
    });
    return element('1f43b675', uint('e7', second * 1_000), ...blocks);
  });
  const tracks = element('1654ae6b', element('ae', ...track));
  const segment = [Buffer.from('18538067', 'hex'), UNKNOWN_SIZE, info, tracks, ...clusters];
  return Buffer.concat([head, ...segment]);
}

/** AAC frames one after another, each with its own header and without a common one: ISO/IEC 13818-7, 6.2. */
function streamAdts(seconds: number): Buffer {
  const payload = Buffer.alloc(23, 0x21);
  const size = payload.length + 7;
  // Sync word, AAC LC, 44.1 kHz, one channel, and the frame's size in the 13 bits from bit 30 on.
  const head = Buffer.from([
    ...[0xff, 0xf1, 0x50, 0x40 | (size >> 11), (size >> 3) & 0xff, ((size & 7) << 5) | 0x1f, 0xfc],
  ]);
  const frame = Buffer.concat([head, payload]);
  return Buffer.concat(Array.from({ length: Math.ceil((seconds * 44_100) / 1_024) }, () => frame));
}

/**
 * FLAC written to a pipe: a total of 0 samples means that they were not counted,
 * https://www.rfc-editor.org/rfc/rfc9639#section-8.2.
 */
function streamFlac(): Buffer {
  const info = Buffer.alloc(34);
  info.writeUInt16BE(4_096, 0);
  info.writeUInt16BE(4_096, 2);
  // 44,100 Hz in 20 bits, one channel in 3, 16 bits per sample in 5.
  info.writeUInt32BE(((44_100 << 12) | (15 << 4)) >>> 0, 10);
  return Buffer.concat([Buffer.from('fLaC'), Buffer.from([0x80, 0, 0, 34]), info]);
}

/** Files with streams that do not contain their length, as they are written while the length is not known yet. */
export const LENGTHLESS: Readonly<Record<'webm' | 'mkv' | 'aac' | 'flac', Buffer>> = {
  webm: streamMatroska('webm', 3),
  mkv: streamMatroska('matroska', 3),
  aac: streamAdts(3),
  flac: streamFlac(),
};
