import { randomUUID } from 'node:crypto';

/** Stands in for `uuid`, of which the vendor's client takes `v4()` for the header `X-TC-TraceId`. */
export function createTraceId(): string {
  return randomUUID();
}
