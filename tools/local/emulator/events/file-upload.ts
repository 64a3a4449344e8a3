import type { Media, MediaClass } from '../state.ts';
import { buildMediaBasicInfo } from './media-basic-info.ts';

/** Returns `FileUploadTask`, the content of a `NewFileUpload` event. */
export function buildFileUpload(
  media: Media,
  classes: ReadonlyMap<string, MediaClass>,
): Readonly<Record<string, unknown>> {
  return {
    FileId: media.fileId,
    MediaBasicInfo: buildMediaBasicInfo(media, classes),
    ProcedureTaskId: media.procedureTaskId,
    ReviewAudioVideoTaskId: '',
    MetaData: media.metaData,
  };
}
