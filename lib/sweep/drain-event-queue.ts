import { ingestPulled } from '../ingest/ingest-proven.ts';
import { Problem } from '../problem.ts';
import { isJsonObject } from '../validation/json-object.ts';
import type { StepCounts } from './step-counts.ts';
import { type ApplicationRun, hasTime } from './sweep-run.ts';

/** Counts of the events in VOD's queue. */
export const QUEUE_COUNTS = ['pulled', 'fresh', 'confirmed', 'late', 'setAside'] as const;

type QueueCounts = StepCounts<(typeof QUEUE_COUNTS)[number]>;

/**
 * Empties VOD's queue of an application's events. A batch is confirmed only after each of its events is recorded or is
 * a dead letter. An event that is not confirmed is returned again after half a minute, and is then recognised if it was
 * recorded.
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

/** Returns the handle that removes an event from the queue, if any; VOD refuses a whole batch with a wrong one. */
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
    // A handle is valid for 30 seconds; its event is returned again, and is then recognised.
    if (handles.length === 1) return counts.add('late');
    // A handle that VOD does not accept must not stop the others from being confirmed.
    for (const handle of handles) await confirmHandles([handle], run, counts);
  }
}
