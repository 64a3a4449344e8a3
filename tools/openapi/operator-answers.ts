import * as v from 'valibot';
import type { DeadDelivery } from '../../lib/ledger/deliveries/dead-deliveries.ts';
import type { Ledger } from '../../lib/ledger/ledger.ts';
import { ITEM_KINDS } from '../../lib/model/item-name.ts';
import type { EndpointView } from '../../lib/uploads/endpoint-view.ts';
import {
  about,
  application,
  count,
  cursor,
  type Fields,
  time,
  type WithTimes,
} from './answer-fields.ts';

type DeadItem = Awaited<ReturnType<Ledger['listDeadItems']>>['items'][number];

/** How many deliveries or items are retried. */
export const replayed = v.object({ replayed: count('how many are due again') });

/** As {@link replayed}, with the place where the next call continues. */
export const replayedPage = v.object({ ...replayed.entries, cursor });

/** A delivery that was given up. */
export const deadDelivery = v.object({
  eventId: v.string(),
  endpoint: v.string(),
  eventType: v.string(),
  attempts: count('in all'),
  lastError: v.string(),
  diedAt: time('of the last attempt'),
} satisfies Fields<WithTimes<DeadDelivery, 'diedAt'>>);

/** A page of dead deliveries. */
export const deadDeliveryPage = v.object({ items: v.array(deadDelivery), cursor });

/** An item that was set aside. */
export const deadItem = v.object({
  kind: v.picklist(ITEM_KINDS),
  id: v.string(),
  subAppId: v.exactOptional(application),
  fileId: v.exactOptional(v.string()),
  attempts: count('in all'),
  code: v.string(),
  reason: v.string(),
  firstFailedAt: time('of the first failure'),
  diedAt: time('of the last failure'),
} satisfies Fields<WithTimes<DeadItem, 'firstFailedAt' | 'diedAt'>>);

/** A page of dead items. */
export const deadItemPage = v.object({ items: v.array(deadItem), cursor });

/** An endpoint that receives messages. */
export const endpoint = v.object({
  endpoint: about('its id'),
  state: v.picklist(['active', 'paused']),
  pausedAt: v.exactOptional(time('since when it is paused')),
  reason: v.exactOptional(about('the error that was the reason')),
  deliveredAt: v.exactOptional(time('when it last accepted a message')),
  waiting: count('pending deliveries; the count stops at 10,000'),
  waitingSince: v.exactOptional(time('when the oldest of them was enqueued')),
  dead: count('dead deliveries; the count stops at 10,000'),
} satisfies Fields<EndpointView>);

/** All endpoints. */
export const endpointList = v.object({ items: v.array(endpoint) });
