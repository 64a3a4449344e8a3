import type { LedgerEndpoint } from '../ledger/deliveries/endpoints.ts';
import { defined } from '../validation/json-object.ts';
import { formatMilliseconds } from './upload-view.ts';

/** An endpoint in answers: times are ISO 8601. */
export interface EndpointView {
  readonly endpoint: string;
  readonly state: 'active' | 'paused';
  /** Since when it is paused, and the error that was the reason. */
  readonly pausedAt?: string;
  readonly reason?: string;
  readonly deliveredAt?: string;
  readonly waiting: number;
  readonly waitingSince?: string;
  readonly dead: number;
}

/** Returns an endpoint of the ledger in the form for answers. */
export function viewEndpoint(endpoint: LedgerEndpoint): EndpointView {
  const { pausedAt, pausedReason: reason, deliveredAt, waitingSince } = endpoint;
  const state: EndpointView['state'] = pausedAt === undefined ? 'active' : 'paused';
  return defined({
    endpoint: endpoint.endpoint,
    state,
    pausedAt: formatTime(pausedAt),
    reason,
    deliveredAt: formatTime(deliveredAt),
    waiting: endpoint.waiting,
    waitingSince: formatTime(waitingSince),
    dead: endpoint.dead,
  });
}

function formatTime(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : formatMilliseconds(milliseconds);
}
