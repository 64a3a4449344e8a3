import type { PutFileOptions, PutFileResult, PutSource } from './put-options.ts';

/**
 * Uploads a file, bytes or a stream from Node.js: whole, or not at all. The engine is loaded at the first call, so that a
 * program that uploads nothing does not load it.
 *
 * @throws {VodUploadError} that says why it failed; the reason of the signal; a TypeError that says all that is wrong with the
 * call, before anything is read.
 */
export async function putFile(source: PutSource, options: PutFileOptions): Promise<PutFileResult> {
  // A stream may fail before it is read, and nobody else listens.
  if (source instanceof Object && 'on' in source && typeof source.on === 'function') {
    source.on('error', () => {});
  }
  const { uploadSource } = await import('./put/upload-source.ts');
  return uploadSource(source, options);
}
