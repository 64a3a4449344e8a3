import { buildMediaBasicInfo } from '../events/media-basic-info.ts';
import type { Media, MediaClass, Pull } from '../state.ts';

/**
 * Returns `PullUploadTask`, which is part of DescribeTaskDetail and of a `PullComplete` event; `media` is the result of
 * the pull, `progress` is percent.
 */
export function buildPullTask(
  pull: Pull,
  media: Media | undefined,
  progress: number,
  classes: ReadonlyMap<string, MediaClass>,
): Readonly<Record<string, unknown>> {
  return {
    TaskId: pull.taskId,
    // The documentation has only these two values, so a waiting pull is `PROCESSING`, too.
    Status: pull.status === 'FINISH' ? 'FINISH' : 'PROCESSING',
    ErrCode: pull.errCode,
    Message: pull.message,
    FileId: pull.fileId,
    MediaBasicInfo: media === undefined ? null : buildMediaBasicInfo(media, classes),
    MetaData: media?.metaData ?? null,
    FileUrl: media?.mediaUrl ?? '',
    ProcedureTaskId: media?.procedureTaskId ?? '',
    ReviewAudioVideoTaskId: '',
    SessionContext: pull.sessionContext,
    SessionId: pull.sessionId,
    Progress: progress,
  };
}
