import type { Ledger } from '../ledger/ledger.ts';
import type { VodEvent } from '../vod/event.ts';
import { takeAbsentArrivals } from './absent-arrival.ts';
import { ingestBatch, type TakenEvent } from './ingest-batch.ts';
import { selectDeletions } from './known-deletion.ts';
import type { Reception } from './to-event-record.ts';

/**
 * Records an event that was pushed and that VOD does not deny; before a deletion, the arrivals of its files that could not
 * be confirmed, since they were gone by then. Returns what was recorded.
 */
export async function takePushedEvent(
  event: VodEvent,
  reception: Reception,
  ledger: Ledger,
): Promise<readonly TakenEvent[]> {
  if (event.eventType !== 'FileDeleted' || !reception.confirmed) {
    return ingestBatch([event], ledger, reception);
  }
  const { FileIdSet: fileIds } = event.task;
  const { subAppId, own } = reception;
  const arrivals = await ledger.findAbsentArrivals(fileIds, subAppId);
  if (arrivals.length === 0) return ingestBatch([event], ledger, reception);
  const taken = await takeAbsentArrivals(arrivals, reception, ledger);
  // One that came for an upload that has another file already is no upload's.
  const deletion = selectDeletions(event, await ledger.findFiles(fileIds, subAppId, own));
  if (deletion === undefined) return taken;
  return [...taken, ...(await ingestBatch([deletion], ledger, reception))];
}
