import { hash } from 'node:crypto';
import { type HttpEvent, readHeader } from './http-event.ts';
import type { Answer } from './http-handler.ts';

/** One tag of a list: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3. */
const ENTITY_TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/**
 * Returns `body` with an ETag that changes only with the body, or 304 without a body if the caller already has it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function respondUnlessCached(event: HttpEvent, body: unknown): Answer {
  const tag = `"${hash('sha256', JSON.stringify(body), 'base64url')}"`;
  const headers = { ETag: tag };
  return isKnown(readHeader(event, 'if-none-match'), tag)
    ? { status: 304, headers }
    : { status: 200, headers, body };
}

/** Tags are compared weakly, so a `W/` that a proxy has added does not matter. */
function isKnown(condition: string | undefined, tag: string): boolean {
  if (condition === undefined) return false;
  if (condition.trim() === '*') return true;
  return Array.from(condition.matchAll(ENTITY_TAG), ([, opaque]) => opaque).includes(tag);
}
