import { Problem } from '../problem.ts';
import { type HttpEvent, parseJsonBody, readBodyText } from '../runtime/http-event.ts';
import { findExceeded, type JsonBounds } from '../validation/json-bounds.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { MAX_NOTIFICATION_BYTES } from '../validation/limits.ts';
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
 * Returns the JSON object that a notification is. `Sign` may be inside, so this comes before anybody is known to be VOD, and
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
