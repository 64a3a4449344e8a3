import { createHmac, hash } from 'node:crypto';

/** A call of one of Tencent Cloud's APIs: POST of JSON to the root of a host. */
export interface ApiCall {
  readonly host: string;
  /** Path of the API, `/` in the cloud. */
  readonly path: string;
  readonly body: string;
  /** Unix seconds. */
  readonly timestamp: number;
}

const SIGNED_HEADERS = 'content-type;host';

/** The type that {@link signApiCall} signs. */
export const API_CONTENT_TYPE = 'application/json';

/**
 * Returns the value of the header `Authorization`.
 *
 * @see https://cloud.tencent.com/document/api/266/31757
 */
export function signApiCall(
  { host, path, body, timestamp }: ApiCall,
  { secretId, secretKey }: { readonly secretId: string; readonly secretKey: string },
): string {
  const date = new Date(timestamp * 1_000).toISOString().slice(0, 10);
  const scope = `${date}/vod/tc3_request`;
  const headers = `content-type:${API_CONTENT_TYPE}\nhost:${host}\n`;
  const request = ['POST', path, '', headers, SIGNED_HEADERS, hash('sha256', body)].join('\n');
  const text = ['TC3-HMAC-SHA256', timestamp, scope, hash('sha256', request)].join('\n');
  const key = [date, 'vod', 'tc3_request'].reduce<string | Buffer>(
    (last, part) => createHmac('sha256', last).update(part).digest(),
    `TC3${secretKey}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`;
}
