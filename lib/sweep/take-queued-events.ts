import { Problem } from '../problem.ts';
import { parseVodEvent } from '../vod/event.ts';
import { recordEvents } from './record-events.ts';
import { type ApplicationRun, hasTime } from './sweep-run.ts';
import type { Tally } from './tally.ts';

/** What is counted of the events that VOD keeps in its queue. */
export const QUEUE_COUNTS = ['pulled', 'fresh', 'confirmed', 'late'] as const;

type QueueTally = Tally<(typeof QUEUE_COUNTS)[number]>;

/**
 * Empties VOD's queue of an application's events. Each batch is confirmed only when it is recorded: what is not comes again after half a
 * minute, and is then known or not.
 *
 * @see https://cloud.tencent.com/document/product/266/33779
 */
export async function takeQueuedEvents(run: ApplicationRun, tally: QueueTally): Promise<void> {
  const { api, subAppId, remainingMilliseconds } = run;
  while (hasTime(run)) {
    const pulled = await api.pullEvents({ remainingMilliseconds, subAppId });
    if (pulled.length === 0) return;
    tally.add('pulled', pulled.length);
    // Nobody but VOD can put anything into its queue, so what comes out is true.
    const events = pulled.map((content) => ({
      event: parseVodEvent({ ...content }),
      handle: content.EventHandle ?? '',
    }));
    const recorded = await recordEvents(events, run, tally);
    await confirmHandles(
      recorded.items.map(({ handle }) => handle),
      run,
      tally,
    );
  }
}

async function confirmHandles(
  handles: readonly string[],
  { api, subAppId, remainingMilliseconds }: ApplicationRun,
  tally: QueueTally,
): Promise<void> {
  try {
    const options = { remainingMilliseconds, subAppId };
    await api.confirmEvents({ EventHandles: [...handles] }, options);
    tally.add('confirmed', handles.length);
  } catch (error) {
    // A handle is good for 30 seconds; its event comes again, and is known.
    const late = error instanceof Problem && error.code === 'upstream_rejected';
    if (late) tally.add('late', handles.length);
    else tally.fail(error);
  }
}
