import type { MediaInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { Problem } from '../problem.ts';
import { forEachAtOnce } from '../system.ts';
import { formatIsoTime, parseIsoTime } from '../validation/iso-time.ts';
import { TASK_MEMORY_MILLISECONDS } from '../validation/limits.ts';
import type { VodEvent } from '../vod/event.ts';
import { describeMediaEvent } from '../vod/media.ts';
import { findMediaTasks, listMediaTasks, type MediaTasks } from '../vod/tasks.ts';
import { type ApplicationRun, hasTime } from './sweep-run.ts';

/** Concurrent calls, one for each file: far below the number that VOD accepts in a second. */
const AT_ONCE = 4;

/** The arrivals of media without an event. */
interface Arrivals {
  readonly events: readonly VodEvent[];
  /** Media that VOD could not be asked about, or has not described, and the error. */
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
  const tasks = await listTasks(news, run);
  const events: VodEvent[] = [];
  const failures: { media: MediaInfo; error: unknown }[] = [];
  if (tasks !== undefined) {
    for (const one of news) {
      const event = describeMediaEvent(one, tasks.get(one.FileId ?? '') ?? {});
      if (event === undefined) failures.push({ media: one, error: createIncomplete() });
      else events.push(event);
    }
    return { events, failures };
  }
  let isOutOfTime = false;
  await forEachAtOnce(news, AT_ONCE, async (one) => {
    isOutOfTime ||= !hasTime(run);
    if (isOutOfTime) return;
    try {
      events.push(await describe(one, run));
    } catch (error) {
      failures.push({ media: one, error });
    }
  });
  return isOutOfTime ? undefined : { events, failures };
}

/** For fewer files, asking for the tasks of each costs hardly more. */
const FEW_FILES = 4;

/** VOD's times are in seconds, and a task may have begun while its file was still being stored. */
const MARGIN_SECONDS = 60;

/**
 * Returns the tasks of all these files in pages, if that takes at most a quarter of the calls of asking for each file;
 * otherwise undefined. VOD lists tasks of three days.
 */
async function listTasks(
  news: readonly MediaInfo[],
  { api, subAppId, deadline, clock }: ApplicationRun,
): Promise<ReadonlyMap<string, MediaTasks> | undefined> {
  if (news.length < FEW_FILES) return undefined;
  const times = news.map(({ BasicInfo }) => parseIsoTime(BasicInfo?.CreateTime ?? '') ?? 0);
  const first = Math.min(...times) - MARGIN_SECONDS;
  if (clock.now() / 1_000 - first > TASK_MEMORY_MILLISECONDS / 1_000) return undefined;
  const maxPages = Math.floor(news.length / FEW_FILES);
  try {
    return await listMediaTasks(formatIsoTime(first), maxPages, api, { deadline, subAppId });
  } catch (error) {
    // Asking for each file shows whether only some of them are the cause.
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** Returns the error for a file that VOD lists without its description, as it does of what it does not answer in time. */
function createIncomplete(): Problem {
  return new Problem('VOD lists a media file without its description.', {
    code: 'upstream_failed',
  });
}

/**
 * Asks for the tasks, since the description of media does not name them; without them the media would look ready.
 *
 * @throws {Problem} of VOD.
 */
async function describe(
  media: MediaInfo,
  { api, subAppId, deadline }: ApplicationRun,
): Promise<VodEvent> {
  const tasks = await findMediaTasks(media.FileId ?? '', api, {
    deadline,
    subAppId,
  });
  const event = describeMediaEvent(media, tasks);
  if (event === undefined) throw createIncomplete();
  return event;
}
