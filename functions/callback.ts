import { type CallbackConfig, readCallbackConfig } from '../lib/config/callback-config.ts';
import { type HttpEvent, readHeader, readJsonBody, readQuery } from '../lib/http/event.ts';
import { httpHandler, type Route } from '../lib/http/http-handler.ts';
import { Problem } from '../lib/problem.ts';
import {
  type CallbackRefusal,
  type CallbackSignature,
  verifyCallbackSignature,
} from '../lib/signing/callback-signature.ts';
import {
  describeLegacyEvent,
  describeReceivedEvent,
  receiveEvent,
} from '../lib/uploads/received-event.ts';
import { isJsonObject } from '../lib/validation/json-object.ts';
import { parseVodEvent, type RawEvent } from '../lib/vod/event.ts';
import { readLegacyEvent } from '../lib/vod/event-legacy.ts';

/** What the route takes from outside. */
export interface CallbackDependencies {
  readonly config: CallbackConfig;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Answers the route `POST /callback`. */
export function createCallbackRoute({ config, now }: CallbackDependencies): Route {
  return (event, { log }) => {
    const body = readNotification(event);
    log.signKey = authenticateNotification(body, event, config, now());

    const legacy = readLegacyEvent(body);
    if (legacy !== undefined) {
      Object.assign(log, describeLegacyEvent(legacy));
      return TAKEN;
    }
    const received = receiveEvent(parseVodEvent(body));
    // The log line is the event's record, and where later steps take it from here.
    Object.assign(log, describeReceivedEvent(received));
    return TAKEN;
  };
}

const TAKEN = { status: 200, body: { code: 0 } } as const;

function readNotification(event: HttpEvent): RawEvent {
  const body = readJsonBody(event);
  if (!isJsonObject(body)) {
    throw new Problem('Cannot read the notification: it must be a JSON object.', {
      code: 'invalid_request',
    });
  }
  return body;
}

/** Answers the place of the key that fits. */
function authenticateNotification(
  body: RawEvent,
  event: HttpEvent,
  config: CallbackConfig,
  nowMilliseconds: number,
): number {
  const signature = findSignature(body, event);
  if (signature === undefined) {
    throw new Problem('The notification has no "Sign" and "T".', { code: 'unauthorized' });
  }
  const verdict = verifyCallbackSignature(
    signature,
    config.signKeys,
    Math.floor(nowMilliseconds / 1_000),
  );
  if (verdict.authentic) return verdict.key;
  throw new Problem(REFUSAL[verdict.refusal], { code: 'unauthorized' });
}

const REFUSAL: Readonly<Record<CallbackRefusal, string>> = {
  mismatch: '"Sign" fits none of the configured keys.',
  expired: '"T" is in the past: the notification came too late, or a clock is wrong.',
  too_far_ahead: '"T" is further ahead than VOD sets it: a clock is wrong.',
};

/**
 * VOD's documents say that both values are in the notification and not where, so the places are tried in the order of
 * their likelihood: https://cloud.tencent.com/document/product/266/33779.
 */
function findSignature(body: RawEvent, event: HttpEvent): CallbackSignature | undefined {
  return (
    pairSignature(body['Sign'], body['T']) ??
    pairSignature(readQuery(event, 'Sign'), readQuery(event, 'T')) ??
    pairSignature(readHeader(event, 'sign'), readHeader(event, 't'))
  );
}

function pairSignature(sign: unknown, t: unknown): CallbackSignature | undefined {
  if (typeof sign !== 'string') return undefined;
  if (typeof t === 'string') return { sign, t };
  return typeof t === 'number' ? { sign, t: String(t) } : undefined;
}

/** The function's entry point. */
export const main_handler = httpHandler('callback', ['POST'], () => {
  const config = readCallbackConfig(process.env);
  return { corsOrigins: [], route: createCallbackRoute({ config, now: Date.now }) };
});
