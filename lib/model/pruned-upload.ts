import { Problem } from '../problem.ts';
import { defined } from '../validation/json-object.ts';

/** What is left of an upload that was pruned. */
export interface PrunedUpload {
  readonly uploadId: string;
  readonly owner?: string;
  readonly fileId?: string;
  readonly subAppId?: number;
  /** Unix milliseconds. */
  readonly prunedAt: number;
}

/** Returns the problem of a request about an upload that was pruned. */
export function uploadPruned({ fileId, subAppId, prunedAt }: PrunedUpload): Problem {
  const at = new Date(prunedAt).toISOString();
  const file =
    fileId === undefined
      ? 'no file had come for it.'
      : `ask VOD about its file, with DescribeMediaInfos and the FileId ${fileId}.`;
  return new Problem(`The upload has ended, and its record was removed on ${at}: ${file}`, {
    code: 'upload_pruned',
    pruned: { ...defined({ fileId, subAppId }), prunedAt: at },
  });
}
