import { randomUUID } from 'node:crypto';

/** Replaces `uuid`, whose `v4()` the vendor's client uses for the header `X-TC-TraceId`. */
export function createTraceId(): string {
  return randomUUID();
}
