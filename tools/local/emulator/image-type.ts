const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);

/** Returns the extension of an image by its first bytes, undefined if it cannot be a cover. */
export function imageTypeOf(bytes: Buffer): 'gif' | 'jpg' | 'png' | undefined {
  if (bytes.subarray(0, PNG.length).equals(PNG)) return 'png';
  if (bytes.subarray(0, JPEG.length).equals(JPEG)) return 'jpg';
  return /^GIF8[79]a/.test(bytes.toString('latin1', 0, 6)) ? 'gif' : undefined;
}
