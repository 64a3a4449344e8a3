import { isMediaType, MEDIA_TYPE_LIST } from '../../../../lib/validation/media-type.ts';
import { IMAGE_TYPE_LIST, isImageType } from '../../emulator/ugc/media-types.ts';
import { findResumable } from './resume-keeper.ts';
import { isNoteAbout, type ResumeNote } from './resume-note.ts';
import type { Upload } from './upload.ts';

/** Returns why VOD would not accept the chosen files, judged by their names; empty if it would. */
export function findFileProblem({ file, cover }: Upload): string {
  const type = file === null ? undefined : readExtension(file);
  if (type === '') {
    return `The SDK tells the type of a file by its extension, and this name has none. ${TAKEN}`;
  }
  if (type !== undefined && !isMediaType(type) && !isImageType(type)) {
    return `VOD does not accept files of type ${type}. ${TAKEN}`;
  }
  if (cover === null || isImageType(readExtension(cover))) return '';
  return `The cover ${cover.name} is no image that VOD accepts: ${IMAGE_TYPE_LIST}.`;
}

const TAKEN = `It accepts ${MEDIA_TYPE_LIST}, and as images ${IMAGE_TYPE_LIST}.`;

function readExtension({ name }: File): string {
  return /[^.]\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** Returns what a start would do with an unfinished upload of the chosen file; empty if there is none. */
export function describeResumption(upload: Upload, note: ResumeNote | null): string {
  if (!isNoteAbout(note, upload.file)) return '';
  if (findResumable(note, upload) !== null) {
    return `An upload of this file stopped at ${note.percent} %. The SDK continues the missing parts.`;
  }
  return note.coverName === null
    ? 'An upload of this file without a cover is unfinished. With a cover the SDK starts from the beginning.'
    : `An upload of this file with the cover ${note.coverName} is unfinished. Choose that cover too, or the SDK starts from the beginning.`;
}
