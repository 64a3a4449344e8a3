import type { FileSource } from './file-source.ts';
import type { Beginning } from './journal-records.ts';
import { choosePartBytes } from './part-plan.ts';
import { type Patience, withRetry } from './retry.ts';
import type { AppliedUpload, MediaDescription, UploadAccess } from './upload-access.ts';

/** A file of an upload. */
export interface OpenFile {
  readonly path: string;
  readonly source: FileSource;
  /** Path relative to the folder of the media in storage; undefined for media and cover. */
  readonly name?: string;
}

/** What an upload begins with. */
interface Begun {
  /** The media first, then its cover if there is one. */
  readonly files: readonly OpenFile[];
  readonly media: Pick<MediaDescription, 'name' | 'type'>;
  readonly coverType: string | undefined;
  readonly partBytes: number | undefined;
  readonly options: string;
}

/**
 * Applies for an upload, and returns the beginning of its journal.
 *
 * @throws {PutError} if VOD or the functions refuse, or do not answer in time.
 */
export async function beginUpload(
  { files, media, coverType, partBytes, options }: Begun,
  access: UploadAccess,
  patience: Patience,
): Promise<Beginning> {
  const [first, second] = files;
  const size = first?.source.size;
  const cover =
    coverType === undefined
      ? undefined
      : { name: 'cover', type: coverType, size: second?.source.size ?? 0 };
  const { session, grant, ...keys } = await withRetry(
    access.prepare({ ...media, size, cover }),
    patience,
  );
  const objects = files.map((file) => ({
    ...{ path: file.path, key: chooseKey(file, file === first, keys) },
    identity: file.source.identity,
    partBytes: choosePartBytes(file.source.size, partBytes),
  }));
  const { uploadId, ...rest } = session;
  const known = { ...rest, ...(uploadId === undefined ? {} : { uploadId }) };
  return { type: 'begun', version: 1, options, session: known, grant, objects };
}

function chooseKey(
  { name }: OpenFile,
  isMedia: boolean,
  { mediaKey, coverKey = '' }: Pick<AppliedUpload, 'mediaKey' | 'coverKey'>,
): string {
  if (isMedia) return mediaKey;
  if (name === undefined) return coverKey;
  return `${mediaKey.slice(0, mediaKey.lastIndexOf('/') + 1)}${name}`;
}
