import * as v from 'valibot';
import { type Attempt, DONE } from '../model/attempt.ts';
import { judgeMedia } from '../policy/judge-media.ts';
import { MEDIA_FILTERS, readMediaFacts, readMediaFields } from '../vod/media.ts';
import {
  type ActionDependencies,
  type DueAction,
  explainFailure,
  type InspectDetail,
  inspectDetail,
  isGone,
  modifyDetail,
  procedureDetail,
} from './media-action.ts';
import { modifyMedia } from './modify-media.ts';
import { startProcedure } from './start-procedure.ts';

/**
 * Makes one attempt at `action` and returns its outcome. All of it may be repeated: if an answer was lost, the next
 * attempt finds what was already done.
 *
 * @throws errors of the ledger.
 */
export async function performAction(
  action: DueAction,
  dependencies: ActionDependencies,
): Promise<Attempt> {
  const { kind, detail } = action;
  if (kind === 'delete') return deleteMedia(action, dependencies);
  if (kind === 'modify' && v.is(modifyDetail, detail)) {
    return modifyMedia(action, detail, dependencies);
  }
  if (kind === 'procedure' && v.is(procedureDetail, detail)) {
    return startProcedure(action, detail, dependencies);
  }
  if (kind === 'inspect' && v.is(inspectDetail, detail)) {
    return inspectMedia(action, detail, dependencies);
  }
  // It may belong to another version of this service, so it waits for that one.
  const cause = Object.assign(new Error('The action is unknown.'), { code: UNKNOWN });
  return { kind: 'retry', error: UNKNOWN, cause };
}

const UNKNOWN = 'unknown_action';

async function deleteMedia(
  { fileId, subAppId }: DueAction,
  { api, deadline }: ActionDependencies,
): Promise<Attempt> {
  try {
    await api.deleteMedia({ FileId: fileId }, { deadline, subAppId });
    return DONE;
  } catch (error) {
    return isGone(error) ? DONE : explainFailure(error);
  }
}

/** Milliseconds that VOD has to examine a new file; after that, VOD is assumed to be unable to read it. */
const PATIENCE_MILLISECONDS = 10 * 60_000;

/** Milliseconds between two inspections. */
const PAUSE_MILLISECONDS = 2 * 60_000;

/** Judges a file that VOD had not examined on arrival, and applies the result to its upload. */
async function inspectMedia(
  { fileId, subAppId, uploadId, createdAt }: DueAction,
  { limits, fact }: InspectDetail,
  { api, ledger, clock, deadline }: ActionDependencies,
): Promise<Attempt> {
  const request = { FileIds: [fileId], Filters: [...MEDIA_FILTERS] };
  const answer = await api
    .describeMediaInfos(request, { deadline, subAppId })
    .catch(explainFailure);
  if ('kind' in answer) return answer;
  const media = answer.MediaInfoSet?.find((found) => found.FileId === fileId);
  // It was deleted, which another event reports.
  if (media === undefined || ledger === undefined || uploadId === undefined) return DONE;

  const problem = judgeMedia(limits, readMediaFacts(media.BasicInfo, media.MetaData));
  const left = createdAt + PATIENCE_MILLISECONDS - clock.now();
  if (problem?.code === 'media_unreadable' && left > 0) {
    return {
      kind: 'retry',
      error: problem.code,
      at: clock.now() + Math.min(left, PAUSE_MILLISECONDS),
    };
  }
  const { size, duration } = readMediaFields(undefined, media.MetaData);
  const fields = { size, duration };
  if (problem === undefined) await ledger.transition(uploadId, fact, fields);
  else await ledger.transition(uploadId, 'rejected', { ...fields, problem: { ...problem } });
  return DONE;
}
