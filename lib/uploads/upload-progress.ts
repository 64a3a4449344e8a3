import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Upload } from '../model/upload.ts';
import type { Deadline } from '../system.ts';
import type { FetchedPull } from './pull-progress.ts';

/** Returns VOD's percentage of a pull; undefined if it is not known. */
export type ReadProgress = (pull: FetchedPull, deadline: Deadline) => Promise<number | undefined>;

/**
 * Returns how much of an upload's file there is, in percent, until it is there: what VOD says of a pull that it fetches, and
 * what the client reports of its own.
 */
export async function readWhileIssued(
  upload: Upload,
  call: {
    readonly deadline: Deadline;
    readonly ledger: WithLedger;
    readonly readProgress?: ReadProgress | undefined;
  },
): Promise<{ readonly progress?: number }> {
  const { state, method, taskId } = upload;
  if (state !== 'issued') return {};
  if (method === 'client') {
    const { readSent } = await import('./report-progress.ts');
    return readSent(upload, call.ledger);
  }
  if (method !== 'pull' || taskId === undefined) return {};
  const progress = await call.readProgress?.(upload, call.deadline);
  return progress === undefined ? {} : { progress };
}
