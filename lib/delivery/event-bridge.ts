import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import type { VodCredentials } from '../vod/api-config.ts';
import type { Message } from './message.ts';
import { readSubject, writeMessageBody } from './message-body.ts';
import type { SendResult, Target } from './target.ts';

/** An event bus of Tencent Cloud EventBridge, for fan-out to functions, queues and logs. */
export interface EventBusConfig {
  readonly busId: string;
  /** Region of the bus. */
  readonly region: string;
  /** Host of the API, with port and path where they are needed. */
  readonly endpoint: string;
  readonly protocol: 'https' | 'http';
  /** Patterns of the event types that it takes. */
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
 * Answers the event bus as a target. It holds open connections, so an instance makes one and keeps it.
 *
 * A bus gives every event an id of its own, at every attempt another; the message's id is in its data.
 *
 * @param readCredentials read at every call, since the platform replaces the credentials of an execution role now and
 * then. What it throws, `send` rejects with.
 */
export function createEventBus(
  config: EventBusConfig,
  readCredentials: () => VodCredentials,
): Target {
  const client = createVendorClient(config, readCredentials);
  return {
    id: `event-bus_${config.busId}`,
    events: config.events,
    send: async (message, timeLimit) => {
      // The vendor's client would take what this throws for a failed request.
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

function createVendorClient(
  { endpoint, protocol, region }: EventBusConfig,
  readCredentials: () => VodCredentials,
): Pick<Client, 'request'> {
  const agent =
    protocol === 'https' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const client = new Client({
    credential: {
      getCredential: async () => {
        const { secretId, secretKey, token } = readCredentials();
        return token === undefined ? { secretId, secretKey } : { secretId, secretKey, token };
      },
    },
    region,
    profile: { httpProfile: { endpoint, protocol: `${protocol}://`, agent } },
  });
  // The vendor's clients differ in nothing but the version they name, and the methods that nobody calls here.
  client.apiVersion = API_VERSION;
  return client;
}

/** Codes of Tencent Cloud; Node's own are all in capitals. */
const CLOUD_CODE = /^[A-Z][a-z]\w{0,60}(?:\.\w{1,60})?$/;

function describeFailure(error: unknown, late: boolean): SendResult {
  const code = readProperty(error, 'code');
  const status = readProperty(error, 'httpCode');
  if (typeof code === 'string' && CLOUD_CODE.test(code)) {
    return { ok: false, error: code, gone: false };
  }
  if (typeof status === 'number') {
    return { ok: false, status, error: `http_${status}`, gone: false };
  }
  return { ok: false, error: late ? 'timeout' : 'network', gone: false };
}

function readProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
