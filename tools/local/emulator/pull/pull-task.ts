import { buildMediaBasicInfo } from '../events/media-basic-info.ts';
import type { Media, MediaClass, Pull } from '../state.ts';

/**
 * Returns `PullUploadTask`, which DescribeTaskDetail and a `PullComplete` event carry; `media` is what came of the
 * pull, `progress` percent.
 */
export function buildPullTask(
  pull: Pull,
  media: Media | undefined,
  progress: number,
  classes: ReadonlyMap<string, MediaClass>,
): Readonly<Record<string, unknown>> {
  return {
    TaskId: pull.taskId,
    // The two values that are documented for this member; a pull that waits is on its way too.
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
