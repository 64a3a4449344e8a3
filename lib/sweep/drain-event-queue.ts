import { ingestPulled } from '../ingest/ingest.ts';
import { Problem } from '../problem.ts';
import { isJsonObject } from '../validation/json-object.ts';
import type { StepCounts } from './step-counts.ts';
import { type ApplicationRun, hasTime } from './sweep-run.ts';

/** What is counted of the events that VOD keeps in its queue. */
export const QUEUE_COUNTS = ['pulled', 'fresh', 'confirmed', 'late', 'setAside'] as const;

type QueueCounts = StepCounts<(typeof QUEUE_COUNTS)[number]>;

/**
 * Empties VOD's queue of an application's events. Each batch is confirmed only when each of it is recorded or set aside:
 * what is not comes again after half a minute, and is then known or not.
 *
 * @see https://cloud.tencent.com/document/product/266/33779
 */
export async function drainEventQueue(run: ApplicationRun, counts: QueueCounts): Promise<void> {
  const { api, subAppId, deadline } = run;
  while (hasTime(run)) {
    const pulled = await api.pullEvents({ deadline, subAppId });
    if (pulled.length === 0) return;
    counts.add('pulled', pulled.length);
    await ingestPulled(
      pulled.map((content) => ({ ...content })),
      run,
      counts,
    );
    await confirmHandles(pulled.flatMap(readHandle), run, counts);
  }
}

/** Without a handle, an event cannot be taken off the queue; a wrong one has VOD refuse the good ones beside it. */
function readHandle(content: unknown): readonly string[] {
  const handle = isJsonObject(content) ? content['EventHandle'] : undefined;
  return typeof handle === 'string' && handle !== '' ? [handle] : [];
}

async function confirmHandles(
  handles: readonly string[],
  run: ApplicationRun,
  counts: QueueCounts,
): Promise<void> {
  const { api, subAppId, deadline } = run;
  if (handles.length === 0) return;
  try {
    const options = { deadline, subAppId };
    await api.confirmEvents({ EventHandles: [...handles] }, options);
    counts.add('confirmed', handles.length);
  } catch (error) {
    const isRefused = error instanceof Problem && error.code === 'upstream_rejected';
    if (!isRefused) return counts.fail(error);
    // A handle is good for 30 seconds; its event comes again, and is known.
    if (handles.length === 1) return counts.add('late');
    // One that VOD does not take keeps none of the others from being confirmed.
    for (const handle of handles) await confirmHandles([handle], run, counts);
  }
}
