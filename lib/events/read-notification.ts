import {
  type HttpEvent,
  parseJsonBody,
  readBodyText,
  readHeader,
  readQuery,
  readQueryFields,
} from '../http/event.ts';
import { APPLICATION_PARAMETER } from '../policy/applications.ts';
import { Problem } from '../problem.ts';
import {
  type CallbackRefusal,
  type CallbackSignature,
  verifyCallbackSignature,
} from '../signing/callback-signature.ts';
import { findExceeded, type JsonBounds } from '../validation/json-bounds.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { MAX_NOTIFICATION_BYTES } from '../validation/limits.ts';
import { refuseFields } from '../validation/parse-fields.ts';
import type { RawEvent } from '../vod/event.ts';

/**
 * The notifications that VOD documents have ten levels at most, and values of twelve bytes or more with their names where
 * there are many of them, as in the words of a speech: https://cloud.tencent.com/document/product/266/31773.
 */
const BOUNDS: JsonBounds = { levels: 100, values: Math.floor(MAX_NOTIFICATION_BYTES / 12) };

const EXCEEDED: Readonly<Record<keyof JsonBounds, string>> = {
  levels: `it must have at most ${BOUNDS.levels} levels of objects and lists`,
  values: `it must have at most ${BOUNDS.values} values`,
};

/**
 * Answers the JSON object that a notification is. `Sign` may be inside, so this comes before anybody is known to be VOD, and
 * takes no more than its size deserves.
 *
 * @throws {Problem} `payload_too_large`, `invalid_json`, or `invalid_request` where it is no such object.
 */
export function readNotification(event: HttpEvent): RawEvent {
  const text = readBodyText(event, MAX_NOTIFICATION_BYTES);
  const exceeded = findExceeded(text, BOUNDS);
  if (exceeded !== undefined) {
    throw new Problem(`Cannot read the notification: ${EXCEEDED[exceeded]}.`, {
      code: 'invalid_request',
    });
  }
  const body = text === '' ? undefined : parseJsonBody(event, text);
  if (!isJsonObject(body)) {
    throw new Problem('Cannot read the notification: it must be a JSON object.', {
      code: 'invalid_request',
    });
  }
  return body;
}

/**
 * Answers the place of the one of `signKeys` that `Sign` fits.
 *
 * @throws {Problem} `unauthorized` where it fits none, or its time is over.
 */
export function authenticateNotification(
  body: RawEvent,
  event: HttpEvent,
  signKeys: readonly string[],
  nowSeconds: number,
): number {
  const signature = findSignature(body, event);
  if (signature === undefined) {
    throw new Problem('The notification has no "Sign" and "T".', { code: 'unauthorized' });
  }
  const verdict = verifyCallbackSignature(signature, signKeys, nowSeconds);
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

/**
 * Answers which of `applications`, whose first is the service's own, a notification is from. That, no notification says;
 * it is in the address that each application was given.
 *
 * @throws {Problem} `invalid_request` where the address names none of them.
 */
export function findApplication(
  event: HttpEvent,
  applications: readonly (number | undefined)[],
): number | undefined {
  // A list of several is no text, but it is not nothing either: nothing means the service's own.
  const { [APPLICATION_PARAMETER]: named } = readQueryFields(event);
  if (named === undefined) return applications[0];
  const found = applications.find((subAppId) => String(subAppId) === named);
  if (found !== undefined) return found;
  throw refuseFields([
    {
      path: APPLICATION_PARAMETER,
      message:
        'must be the number of an application of this service: compare the address that VOD was given',
    },
  ]);
}
