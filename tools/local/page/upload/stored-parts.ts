import type { ServerFacts } from '../facts/server-facts.ts';
import { partBytes, type Upload } from './upload.ts';

/** Returns the numbers of the upload's parts that are in storage. */
export function storedParts({ applied }: Upload, facts: ServerFacts): number[] {
  if (applied === null) return [];
  return [...facts.parts(applied.key)]
    .filter(([, { state }]) => state === 'stored')
    .map(([number]) => number);
}

/** Returns how many bytes of the upload are in storage, and need not be sent again after a pause. */
export function storedBytes(upload: Upload, facts: ServerFacts): number {
  const size = upload.file?.size ?? 0;
  const each = partBytes(size);
  return storedParts(upload, facts)
    .map((number) => Math.min(each, size - (number - 1) * each))
    .reduce((sum, bytes) => sum + bytes, 0);
}
