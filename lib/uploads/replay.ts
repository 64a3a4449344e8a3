import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { ReplayRequest } from './upload-query.ts';

/** Makes all dead deliveries of an upload, or those that `request` names, due immediately; returns how many. */
export async function replayDeliveries(
  uploadId: string,
  { eventId, endpoint }: ReplayRequest,
  ledger: WithLedger,
): Promise<number> {
  if (eventId === undefined && endpoint === undefined) {
    return ledger(async (each) => (await each.deadDeliveries()).replayUpload(uploadId));
  }
  // The named deliveries must belong to this upload, so they are looked up among its events.
  const events = await ledger(async (each) => (await each.timeline()).listEvents(uploadId));
  const named = events
    .filter((event) => (eventId ?? event.eventId) === event.eventId)
    .flatMap((event) =>
      event.deliveries
        .filter(({ state }) => state === 'dead')
        .map((delivery) => ({ eventId: event.eventId, endpoint: delivery.endpoint })),
    )
    .filter((dead) => (endpoint ?? dead.endpoint) === dead.endpoint);
  let replayed = 0;
  for (const dead of named) {
    if (await ledger(async (each) => (await each.deadDeliveries()).replayDelivery(dead)))
      replayed += 1;
  }
  return replayed;
}
