import type { MediaInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { describeMediaEvent } from '../events/media-event.ts';
import { findMediaTasks } from '../events/media-tasks.ts';
import type { VodEvent } from '../vod/event.ts';
import { type ApplicationRun, hasTime } from './sweep-run.ts';

/** Questions at once, one for each file: far below what VOD takes in a second. */
const AT_ONCE = 4;

/** The event that VOD would have told of a media. */
interface Arrival {
  readonly event: VodEvent;
}

/**
 * Answers the arrival of each of `media` that no event has told of; undefined where there was no time to ask VOD about
 * all of them.
 *
 * @throws {Problem} where VOD could not be asked.
 */
export async function findArrivals(
  media: readonly MediaInfo[],
  run: ApplicationRun,
): Promise<readonly Arrival[] | undefined> {
  const fileIds = media.flatMap(({ FileId }) => FileId ?? []);
  const untold = new Set(await run.ledger.findUntold(fileIds));
  const news = media.filter(({ FileId }) => FileId !== undefined && untold.has(FileId));
  const found: Arrival[] = [];
  for (let from = 0; from < news.length; from += AT_ONCE) {
    if (!hasTime(run)) return undefined;
    const group = news.slice(from, from + AT_ONCE);
    found.push(...(await Promise.all(group.map((one) => describe(one, run)))).flat());
  }
  return found;
}

/** Which tasks run on it, a media does not say; without them it would look ready. */
async function describe(
  media: MediaInfo,
  { api, subAppId, remainingMilliseconds }: ApplicationRun,
): Promise<readonly Arrival[]> {
  const tasks = await findMediaTasks(media.FileId ?? '', api, {
    remainingMilliseconds,
    subAppId,
  });
  const event = describeMediaEvent(media, tasks);
  return event === undefined ? [] : [{ event }];
}
