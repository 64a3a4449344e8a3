import type { MediaInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { forEachAtOnce } from '../system.ts';
import type { VodEvent } from '../vod/event.ts';
import { describeMediaEvent } from '../vod/media.ts';
import { findMediaTasks } from '../vod/tasks.ts';
import { type ApplicationRun, hasTime } from './sweep-run.ts';

/** Concurrent calls, one for each file: far below the number that VOD accepts in a second. */
const AT_ONCE = 4;

/** The arrivals of media without an event. */
interface Arrivals {
  readonly events: readonly VodEvent[];
  /** Media that VOD could not be asked about, and the error. */
  readonly failures: readonly { readonly media: MediaInfo; readonly error: unknown }[];
}

/**
 * Returns the arrival of each of `media` that has no event; undefined if there was no time to ask VOD about all of
 * them.
 *
 * @throws errors of the ledger.
 */
export async function findArrivals(
  media: readonly MediaInfo[],
  run: ApplicationRun,
): Promise<Arrivals | undefined> {
  const fileIds = media.flatMap(({ FileId }) => FileId ?? []);
  const untold = new Set(await run.ledger.findFilesWithoutArrival(fileIds));
  const news = media.filter(({ FileId }) => FileId !== undefined && untold.has(FileId));
  const events: VodEvent[] = [];
  const failures: { media: MediaInfo; error: unknown }[] = [];
  let isOutOfTime = false;
  await forEachAtOnce(news, AT_ONCE, async (one) => {
    isOutOfTime ||= !hasTime(run);
    if (isOutOfTime) return;
    try {
      events.push(...(await describe(one, run)));
    } catch (error) {
      failures.push({ media: one, error });
    }
  });
  return isOutOfTime ? undefined : { events, failures };
}

/** Asks for the tasks, since the description of media does not name them; without them the media would look ready. */
async function describe(
  media: MediaInfo,
  { api, subAppId, deadline }: ApplicationRun,
): Promise<readonly VodEvent[]> {
  const tasks = await findMediaTasks(media.FileId ?? '', api, {
    deadline,
    subAppId,
  });
  const event = describeMediaEvent(media, tasks);
  return event === undefined ? [] : [event];
}
