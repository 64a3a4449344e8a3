import type { VodCredentials } from '../vod/credentials.ts';
import { readHttpStatus, readRefusal } from '../vod/error.ts';
import { createVendorClient } from '../vod/vendor-client.ts';
import type { Message } from './message.ts';
import { readSubject, writeMessageBody } from './message.ts';
import type { SendResult, Target } from './target.ts';

/** An event bus of Tencent Cloud EventBridge, for fan-out to functions, queues and logs. */
export interface EventBusConfig {
  readonly busId: string;
  /** Region of the bus. */
  readonly region: string;
  /** Host of the API, with port and path if needed. */
  readonly endpoint: string;
  readonly protocol: 'https' | 'http';
  /** Patterns of the message types that it is sent. */
  readonly events: readonly string[];
}

/** https://cloud.tencent.com/document/product/1359/56075 */
const API_VERSION = '2021-04-16';

/** `source` of the CloudEvents. */
const SOURCE = 'vod-upload-backend';

/**
 * Largest message in bytes: an event has at most 64 KB, and its other fields are small.
 *
 * @see https://www.tencentcloud.com/document/product/1108/42271
 */
const MAX_DATA_BYTES = 60_000;

/**
 * Creates the target for the event bus. It keeps connections open, so an instance creates it once.
 *
 * A bus gives every event a new id at every attempt; the message's id is in its data.
 *
 * @param readCredentials read at every call, since the platform replaces the credentials of an execution role from time
 * to time. `send` rejects with an error that it throws.
 */
export function createEventBus(
  config: EventBusConfig,
  readCredentials: () => VodCredentials,
): Target {
  const { endpoint, protocol, region } = config;
  const client = createVendorClient(
    { endpoint, protocol, region, version: API_VERSION },
    readCredentials,
  );
  return {
    id: `event-bus_${config.busId}`,
    events: config.events,
    send: async (message, timeLimit) => {
      // Inside the vendor's client, an error of this would count as a failed request.
      readCredentials();
      const signal = AbortSignal.timeout(Math.max(1, Math.floor(timeLimit)));
      const request = { EventBusId: config.busId, EventList: [describeEvent(message)] };
      try {
        await client.request('PutEvents', request, { signal });
        return { ok: true, gone: false };
      } catch (error) {
        return describeFailure(error, signal.aborted);
      }
    },
  };
}

function describeEvent(message: Message) {
  return {
    Source: SOURCE,
    Type: message.type,
    Subject: readSubject(message),
    Time: Date.parse(message.timestamp),
    Data: writeMessageBody(message, MAX_DATA_BYTES),
  };
}

function describeFailure(error: unknown, late: boolean): SendResult {
  const refusal = readRefusal(error);
  if (refusal !== undefined) return { ok: false, error: refusal.code, gone: false };
  const status = readHttpStatus(error);
  if (status !== undefined) return { ok: false, status, error: `http_${status}`, gone: false };
  return { ok: false, error: late ? 'timeout' : 'network', gone: false };
}
