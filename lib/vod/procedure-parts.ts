import { isJsonObject, type JsonObject } from '../validation/json-object.ts';
import type { EventTask } from './event-types.ts';
import { readText, readWhole } from './vod-value.ts';

/** What became of a task flow that is at its end. */
export interface ProcedureEnd {
  /** Whether anything came of it. */
  readonly succeeded: boolean;
  /** What went wrong; missing where nothing did. */
  readonly problem?: JsonObject;
}

/** One task of a flow. */
interface Part {
  readonly status: unknown;
  readonly failure: JsonObject;
}

const RESULT_SETS = [
  'MediaProcessResultSet',
  'AiContentReviewResultSet',
  'AiAnalysisResultSet',
  'AiRecognitionResultSet',
] as const;

/**
 * Returns what became of a flow that is at its end.
 *
 * The error code of the flow itself is out of use, so the tasks decide, and it counts where there are none: a flow has
 * failed when all its tasks have. https://cloud.tencent.com/document/product/266/31773#ProcedureTask
 */
export function describeProcedureEnd(task: EventTask<'ProcedureStateChanged'>): ProcedureEnd {
  const parts = RESULT_SETS.flatMap((name) => {
    const set: unknown = task[name];
    return Array.isArray(set) ? set.flatMap(readPart) : [];
  });
  if (parts.length === 0) {
    const vodErrCode = readWhole(task.ErrCode) ?? 0;
    if (vodErrCode === 0) return { succeeded: true };
    const detail = 'VOD could not process the media.';
    return { succeeded: false, problem: { code: 'processing_failed', detail, vodErrCode } };
  }
  const failed = parts.filter(({ status }) => status === 'FAIL');
  if (failed.length === 0) return { succeeded: true };
  const succeeded = failed.length < parts.length;
  const kind = succeeded
    ? { code: 'processing_incomplete', detail: 'Some of the tasks of the flow failed.' }
    : { code: 'processing_failed', detail: 'None of the tasks of the flow succeeded.' };
  return { succeeded, problem: { ...kind, parts: failed.map(({ failure }) => failure) } };
}

/** The one member that is about the item's type is found by its `Status`, since names differ from types. */
function readPart(item: unknown): Part[] {
  if (!isJsonObject(item)) return [];
  return Object.values(item)
    .filter(isJsonObject)
    .filter(({ Status: status }) => typeof status === 'string')
    .map((part) => ({ status: part['Status'], failure: describeFailure(item, part) }));
}

function describeFailure(item: JsonObject, part: JsonObject): JsonObject {
  const input = isJsonObject(part['Input']) ? part['Input'] : {};
  const failure = {
    type: readText(item['Type']),
    definition: readWhole(input['Definition']),
    vodErrCode: readWhole(part['ErrCode']),
    vodErrCodeExt: readText(part['ErrCodeExt']),
  };
  return Object.fromEntries(Object.entries(failure).filter(([, value]) => value !== undefined));
}
