import type { Media } from '../state.ts';

/** Answers `MediaBasicInfo` of a media, in the service's own spelling. */
function buildMediaBasicInfo(media: Media): Readonly<Record<string, unknown>> {
  // Names of categories are made in the console, which does not exist here; 0 has always been there.
  const className = media.classId === 0 ? 'Other' : `Category ${media.classId}`;
  return {
    Name: media.name,
    Description: '',
    CreateTime: media.createTime,
    UpdateTime: media.updateTime,
    ExpireTime: media.expireTime,
    ClassId: media.classId,
    ClassName: className,
    ClassPath: className,
    CoverUrl: media.coverUrl,
    Type: media.type,
    MediaUrl: media.mediaUrl,
    SourceInfo: {
      SourceType: 'Upload',
      SourceContext: media.sourceContext,
      LiveRecordInfo: null,
      TrtcRecordInfo: null,
      WebPageRecordInfo: null,
    },
    StorageRegion: media.storageRegion,
    StoragePath: media.mediaPath,
    TagSet: [],
    Vid: media.fileId,
    Category: media.category,
    Status: 'Normal',
    StorageClass: 'STANDARD',
  };
}

/** Answers `FileUploadTask`, which a `NewFileUpload` event carries. */
export function buildFileUpload(media: Media): Readonly<Record<string, unknown>> {
  return {
    FileId: media.fileId,
    MediaBasicInfo: buildMediaBasicInfo(media),
    ProcedureTaskId: media.procedureTaskId,
    ReviewAudioVideoTaskId: '',
    MetaData: media.metaData,
  };
}
