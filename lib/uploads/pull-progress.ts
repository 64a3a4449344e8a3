import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Upload } from '../model/upload.ts';
import { Problem } from '../problem.ts';
import { clock, type Deadline, forEachAtOnce, limitTo } from '../system.ts';
import type { VodApi } from '../vod/client.ts';

/** Dependencies of asking for progress. */
export interface ProgressDependencies {
  readonly api: Pick<VodApi, 'describeTaskDetail'>;
  readonly ledger: WithLedger;
}

/** A pull that VOD fetches. */
export type FetchedPull = Pick<Upload, 'uploadId' | 'taskId' | 'subAppId'>;

/** VOD is asked about one pull at most once in this number of seconds, by all instances together. */
const PAUSE_SECONDS = 5;

/** Longest time for all of them, in milliseconds: the caller waits for the upload, and the percentage is an extra. */
const MAX_MILLISECONDS = 2_000;

/** Calls that run at the same time. */
const AT_ONCE = 4;

/**
 * Returns VOD's percentages of pulls, by the ids of their uploads, as far as they are known. Progress is a courtesy: if VOD
 * cannot be asked now, the last known ones are returned.
 *
 * @see https://cloud.tencent.com/document/product/266/33431
 */
export async function readPullProgress(
  pulls: readonly FetchedPull[],
  deadline: Deadline,
  { api, ledger }: ProgressDependencies,
): Promise<ReadonlyMap<string, number>> {
  const byId = new Map(
    pulls.filter(({ taskId }) => taskId !== undefined).map((pull) => [pull.uploadId, pull]),
  );
  const known = await ledger(async (each) =>
    (await each.progressClaims()).claimProgress([...byId.keys()], PAUSE_SECONDS),
  );
  const percentages = new Map(
    known.flatMap(({ uploadId, percent }) =>
      percent === undefined ? [] : [[uploadId, percent] as const],
    ),
  );
  const soon = limitTo(MAX_MILLISECONDS, deadline, clock);
  await forEachAtOnce(
    known.filter(({ isDue }) => isDue),
    AT_ONCE,
    async ({ uploadId }) => {
      const { taskId = '', subAppId } = byId.get(uploadId) ?? {};
      const percent = await askVod(taskId, { deadline: soon, subAppId }, api);
      if (percent === undefined) return;
      percentages.set(uploadId, percent);
      await ledger(async (each) => (await each.progressClaims()).saveProgress(uploadId, percent));
    },
  );
  return percentages;
}

async function askVod(
  taskId: string,
  options: Parameters<VodApi['describeTaskDetail']>[1],
  api: ProgressDependencies['api'],
): Promise<number | undefined> {
  try {
    const { PullUploadTask: task } = await api.describeTaskDetail({ TaskId: taskId }, options);
    const percent = task?.Progress;
    return typeof percent === 'number' && percent >= 0 && percent <= 100
      ? Math.round(percent)
      : undefined;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
