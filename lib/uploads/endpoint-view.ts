import type { LedgerEndpoint } from '../ledger/endpoints.ts';

/** An endpoint as those outside see it: times are ISO 8601. */
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

/** Returns what the ledger describes an endpoint for those outside. */
export function viewEndpoint(endpoint: LedgerEndpoint): EndpointView {
  const { pausedAt, pausedReason: reason, deliveredAt, waitingSince } = endpoint;
  return {
    endpoint: endpoint.endpoint,
    state: pausedAt === undefined ? 'active' : 'paused',
    ...(pausedAt === undefined ? {} : { pausedAt: writeIsoTime(pausedAt) }),
    ...(reason === undefined ? {} : { reason }),
    ...(deliveredAt === undefined ? {} : { deliveredAt: writeIsoTime(deliveredAt) }),
    waiting: endpoint.waiting,
    ...(waitingSince === undefined ? {} : { waitingSince: writeIsoTime(waitingSince) }),
    dead: endpoint.dead,
  };
}

function writeIsoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
