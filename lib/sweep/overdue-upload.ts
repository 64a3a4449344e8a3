import type { MediaFields, Upload } from '../model/upload.ts';
import { isFinished } from '../model/upload-state.ts';
import { TASK_MEMORY_MILLISECONDS } from '../validation/limits.ts';
import { GRACE_MILLISECONDS } from './check-schedule.ts';

/** The end of an upload whose end was not reported. */
interface End {
  readonly fact: 'expired' | 'pullFailed' | 'processingFailed';
  readonly fields: MediaFields;
}

/** What is known when an upload is checked; Unix milliseconds. */
interface Moment {
  readonly now: number;
  /** The time before which all files in VOD are known. */
  readonly scannedUntil: number | undefined;
}

/**
 * Returns the end of `upload` if nothing more can be learnt about it; undefined if something can. No upload ends before
 * a scan has seen every file that may belong to it, since a file that arrives for an ended upload is deleted.
 */
export function findEnd(upload: Upload, { now, scannedUntil }: Moment): End | undefined {
  const { state, method, fileId, taskId, updatedAt, expiresAt } = upload;
  if (isFinished(state)) return undefined;
  const isOver = (time: number) => now >= time && (scannedUntil ?? 0) >= time;

  if (method !== 'pull' && fileId === undefined && taskId === undefined) {
    if (expiresAt === undefined || !isOver(expiresAt + GRACE_MILLISECONDS)) return undefined;
    return { fact: 'expired', fields: {} };
  }
  if (!isOver(updatedAt + TASK_MEMORY_MILLISECONDS)) return undefined;
  return fileId === undefined
    ? { fact: 'pullFailed', fields: { problem: NO_ANSWER } }
    : { fact: 'processingFailed', fields: { problem: NO_RESULT } };
}

const NO_ANSWER = {
  code: 'outcome_unknown',
  detail:
    'VOD accepted this pull, reported nothing about it within three days, and has no file of it. It may be sent again.',
};

const NO_RESULT = {
  code: 'outcome_unknown',
  detail: 'VOD has the file, and reported nothing about its processing within three days.',
};
