import { type HttpEvent, readJsonBody } from '../http/event.ts';
import { Problem } from '../problem.ts';
import { isDeeperThan } from '../validation/json-depth.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { MAX_NOTIFICATION_BYTES } from '../validation/limits.ts';
import type { RawEvent } from '../vod/event.ts';

/** The notifications that VOD documents have ten levels at most: https://cloud.tencent.com/document/product/266/31773. */
const MOST_LEVELS = 100;

/**
 * Answers the JSON object that a notification is.
 *
 * @throws {Problem} `invalid_request` where it is none.
 */
export function readNotification(event: HttpEvent): RawEvent {
  const body = readJsonBody(event, undefined, MAX_NOTIFICATION_BYTES);
  if (!isJsonObject(body)) {
    throw new Problem('Cannot read the notification: it must be a JSON object.', {
      code: 'invalid_request',
    });
  }
  if (isDeeperThan(MOST_LEVELS, body)) {
    throw new Problem(
      `Cannot read the notification: it must have at most ${MOST_LEVELS} levels of objects and lists.`,
      { code: 'invalid_request' },
    );
  }
  return body;
}
