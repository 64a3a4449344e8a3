import { isJsonObject } from '../validation/json-object.ts';
import type { RawEvent } from './event.ts';

/** A notification of format 2.0, as far as it is read: enough to tell which one was not taken. */
export interface LegacyEvent {
  readonly eventType: string;
  readonly fileId?: string;
}

/**
 * Returns `body` as a notification of format 2.0, or undefined where it is none. Its `version` is 4.0 nevertheless.
 *
 * Applications from before 2019 may still send it, to an address of its own.
 *
 * @see https://cloud.tencent.com/document/product/266/33796
 */
export function readLegacyEvent(body: RawEvent): LegacyEvent | undefined {
  const { version, eventType, data, EventType: newerType } = body;
  if (version !== '4.0' || typeof eventType !== 'string' || newerType !== undefined) {
    return undefined;
  }
  const fileId = isJsonObject(data) ? data['fileId'] : undefined;
  return { eventType, ...(typeof fileId === 'string' && fileId !== '' ? { fileId } : {}) };
}
