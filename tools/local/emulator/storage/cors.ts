import type { IncomingMessage } from 'node:http';
import { defined } from '../../../../lib/validation/json-object.ts';

/**
 * Returns the CORS headers for a request of any page, none for a request without an origin. The requested header names
 * are repeated, because `*` does not cover `Authorization`. A page cannot read `x-cos-hash-crc64ecma`, which a bucket
 * shows to pages only if its own rule says so. https://cloud.tencent.com/document/product/436/13318
 */
export function corsHeaders(incoming: IncomingMessage): Readonly<Record<string, string>> {
  const origin = incoming.headers.origin;
  if (origin === undefined) return {};
  const asked = incoming.headers['access-control-request-headers'];
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Methods': 'GET,PUT,POST,HEAD,DELETE',
    ...defined({ 'Access-Control-Allow-Headers': asked }),
    'Access-Control-Expose-Headers': 'ETag, Date, x-cos-request-id, Content-Length',
    Vary: 'Origin',
  };
}
