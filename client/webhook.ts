import { Webhook } from 'standardwebhooks';
import type { components } from './api.ts';
import { toVodUploadError, VodUploadError } from './problem.ts';

type UploadRecord = components['schemas']['Upload'];

interface MessageOf<Type extends string, Data> {
  /** The same at each attempt: act on it once. */
  readonly id: string;
  readonly type: Type;
  /** ISO 8601 time of the fact. */
  readonly timestamp: string;
  readonly data: Data;
  /** Set if the message would have been too long: then `data` has only ids. */
  readonly dataOmitted?: { readonly bytes: number; readonly maxBytes: number };
}

/** A new state of an upload. */
export type UploadMessage = {
  [State in UploadRecord['state']]: MessageOf<
    `upload.${State}`,
    UploadRecord & { readonly state: State }
  >;
}[UploadRecord['state']];

/** An event as VOD reported it: https://cloud.tencent.com/document/product/266/33779 */
export type VodMessage = MessageOf<`vod.${string}`, VodEventData>;

/** The content of an event of VOD; one member, whose name depends on the type, has the task. */
interface VodEventData {
  readonly EventType: string;
  readonly SubAppId?: number;
  /** False if VOD could not be asked about the event. */
  readonly confirmed?: false;
  readonly [member: string]: unknown;
}

/** A message of a type that this version does not know. */
export interface UnknownMessage extends MessageOf<'unknown', unknown> {
  /** The type that it was sent with. */
  readonly sentType: string;
}

/** What an endpoint is sent. */
export type WebhookMessage = UploadMessage | VodMessage | UnknownMessage;

/** Headers of a request, as Node.js, `fetch` and frameworks have them. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | string[] | undefined>>;

/**
 * Returns the message of a webhook that the service has signed not long ago.
 *
 * @param body the bytes as they came, or their text; not what a parser has made of them.
 * @param secret of the endpoint; several while it is being replaced.
 * @throws {VodUploadError} `webhook_invalid` for any other request: answer it with 400.
 */
export function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
): WebhookMessage {
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw invalid('`body` must be the bytes of the request or their text, not a parsed object.');
  }
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const signed = readHeaders(headers);
  let reason: unknown;
  for (const each of [secret].flat()) {
    try {
      return readMessage(new Webhook(each).verify(text, signed));
    } catch (error) {
      reason = error;
    }
  }
  const { problem } = toVodUploadError(reason, 'webhook_invalid');
  throw invalid(problem.detail, reason);
}

const STATES: Readonly<Record<UploadRecord['state'], true>> = {
  ...{ issued: true, uploaded: true, processing: true, ready: true, failed: true },
  ...{ rejected: true, expired: true, cancelled: true, deleted: true },
};
const TYPES = Object.keys(STATES).map((state) => `upload.${state}`);

const NAMES = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];

function readHeaders(headers: WebhookHeaders): Record<string, string> {
  const read = (name: string) => (headers instanceof Headers ? headers.get(name) : headers[name]);
  return Object.fromEntries(NAMES.map((name) => [name, [read(name) ?? ''].flat().join(' ')]));
}

function readMessage(value: unknown): WebhookMessage {
  const { id, type, timestamp, data } = Object(value);
  if (![id, type, timestamp].every((each) => typeof each === 'string')) {
    throw invalid('The body is signed, but it is no message: it must have id, type and timestamp.');
  }
  const isKnown = type.startsWith('vod.') || TYPES.includes(type);
  return isKnown && Object(data) === data
    ? (value as WebhookMessage)
    : { ...Object(value), type: 'unknown', sentType: type };
}

function invalid(detail: string, cause?: unknown): VodUploadError {
  return new VodUploadError({ code: 'webhook_invalid', detail }, { cause });
}
