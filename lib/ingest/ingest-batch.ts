import type { RecordedEvent } from '../ledger/event-record.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { VodEvent } from '../vod/event.ts';
import { readId } from '../vod/vod-value.ts';
import { readArrivedMedia } from './arrived-media.ts';
import { proveEvent } from './prove-event.ts';
import { type ReceivedEvent, receiveEvent } from './received-event.ts';
import { type Reception, toEventRecord } from './to-event-record.ts';

/** An event that is recorded, and what that came to. */
export interface TakenEvent {
  readonly received: ReceivedEvent;
  readonly recorded: RecordedEvent;
}

/** Records events of either notification mode, each by itself; returns in their order. An event that is known changes nothing. */
export async function ingestBatch(
  events: readonly VodEvent[],
  ledger: Pick<Ledger, 'recordEvents' | 'transition' | 'findUpload' | 'detachFiles'>,
  reception: Reception,
): Promise<readonly TakenEvent[]> {
  const received = await Promise.all(
    events.map((event) => proveEvent(receiveEvent(event, reception), reception, ledger)),
  );
  await releaseArrived(events, reception, ledger);
  const results = await ledger.recordEvents(
    received.map((event) => toEventRecord(event, reception)),
  );
  const taken = received.flatMap((event, index): TakenEvent[] => {
    const recorded = results[index];
    return recorded === undefined ? [] : [{ received: event, recorded }];
  });
  for (const event of taken) await endReview(event, ledger);
  return taken;
}

/** A file is in one application, and VOD says in which; what else was told of it is not true. */
async function releaseArrived(
  events: readonly VodEvent[],
  { confirmed, subAppId }: Reception,
  ledger: Pick<Ledger, 'detachFiles'>,
): Promise<void> {
  if (!confirmed || subAppId === undefined) return;
  const fileIds = events.flatMap((event) => readId(readArrivedMedia(event)?.fileId) ?? []);
  if (fileIds.length > 0) await ledger.detachFiles(fileIds, subAppId);
}

/**
 * A review ends the upload that waits for nothing else: where a task flow was begun besides, the upload has that flow's
 * task. It is done each time that the event comes, since nothing of it is kept with the event.
 */
async function endReview(
  { received: { event }, recorded }: TakenEvent,
  ledger: Pick<Ledger, 'transition'>,
): Promise<void> {
  if (event.eventType !== 'ReviewAudioVideoComplete') return;
  const { TaskId: taskId } = event.task;
  const [upload] = recorded.uploads.filter((found) => found.taskId === taskId);
  if (upload?.state !== 'uploaded') return;
  await ledger.transition(upload.uploadId, 'processingSucceeded');
}
