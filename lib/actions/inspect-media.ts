import { judgeMedia } from '../policy/judge-media.ts';
import { MEDIA_FILTERS } from '../vod/media-event.ts';
import { readMediaFacts, readMediaFields } from '../vod/media-fields.ts';
import { type ActionOutcome, DONE, explainFailure } from './action-outcome.ts';
import type { ActionDependencies, DueAction } from './due-action.ts';
import type { InspectDetail } from './media-action.ts';

/** How long VOD has for reading a file that came: after that it takes it for none of its own. */
const PATIENCE_MILLISECONDS = 10 * 60_000;

/** Between two looks. */
const PAUSE_MILLISECONDS = 2 * 60_000;

/** Judges a file that VOD had not looked at when it came, and reports its upload what that came to. */
export async function inspectMedia(
  { fileId, subAppId, uploadId, createdAt }: DueAction,
  { limits, fact }: InspectDetail,
  { api, ledger, now, remainingMilliseconds }: ActionDependencies,
): Promise<ActionOutcome> {
  const request = { FileIds: [fileId], Filters: [...MEDIA_FILTERS] };
  const answer = await api
    .describeMediaInfos(request, { remainingMilliseconds, subAppId })
    .catch(explainFailure);
  if ('kind' in answer) return answer;
  const media = answer.MediaInfoSet?.find((found) => found.FileId === fileId);
  // It is gone, which is told by itself.
  if (media === undefined || ledger === undefined || uploadId === undefined) return DONE;

  const problem = judgeMedia(limits, readMediaFacts(media.BasicInfo, media.MetaData));
  const left = createdAt + PATIENCE_MILLISECONDS - now();
  if (problem?.code === 'media_unreadable' && left > 0) {
    const milliseconds = Math.min(left, PAUSE_MILLISECONDS);
    return { kind: 'wait', error: problem.code, milliseconds };
  }
  const { size, duration } = readMediaFields(undefined, media.MetaData);
  const fields = { size, duration };
  if (problem === undefined) await ledger.transition(uploadId, fact, fields);
  else await ledger.transition(uploadId, 'rejected', { ...fields, problem: { ...problem } });
  return DONE;
}
