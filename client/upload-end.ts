import { type Problem, toVodUploadError } from './problem.ts';
import { isEnded } from './signer.ts';
import type { Failed, UploadRecord, UploadState } from './upload-state.ts';

/** Returns the state of an upload that has ended in the service. */
export function toEnd(upload: UploadRecord): UploadState {
  const { state, fileId, problem } = upload;
  if (state === 'ready') return { name: state, fileId, upload };
  if (state === 'cancelled') return { name: state };
  const detail = `The upload has ended: its state is "${state}".`;
  return {
    name: 'failed',
    canResume: false,
    problem: { code: `upload_${state}`, detail, ...problem },
  };
}

/** Returns the state of an upload that ends with `error`. */
export function toFailed(error: unknown): Failed {
  const { problem } = toVodUploadError(error, 'internal');
  return { name: 'failed', problem, canResume: canResume(problem) };
}

function canResume(problem: Problem): boolean {
  return problem.code !== 'limits_exceeded' && problem.status !== 400 && !isEnded(problem);
}
